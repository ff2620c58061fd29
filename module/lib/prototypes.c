// SPDX-License-Identifier: GPL-2.0-only
/*
 * prototypes: the table of allocator functions that are probed.
 *
 * Sources: C11 7.22.3, C23 7.24.3, POSIX.1-2024, glibc's manual, C++23 17.6.3 with the names of the
 * Itanium ABI, the manuals of jemalloc, gperftools and mimalloc, and the exported functions of the
 * libraries of Debian 11 to 13.
 *
 * The blocks of an object that defines malloc may be freed by any of its functions that free, so
 * these are in the table for all languages: a block that is freed by a function without a probe
 * stays in the report.
 *
 * A function that may throw must not have a return probe: an exception that passes the trampoline
 * of a return probe ends the program. A function that only frees has an entry probe alone. The
 * forms with std::nothrow_t are noexcept.
 *
 * If several names share an address (cfree and free, memalign and aligned_alloc, mmap and mmap64),
 * the first one in this table names the probe.
 *
 * Context: constant data.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "prototypes.h"

#define NO MLU_NO_ARG

/* The numbers are those of arguments: p the block, n the size, m a factor of the size. */
#define ALLOC(fn, n)                                                                    \
	{                                                                               \
		.name = fn, .type = MLU_CALL_ALLOC, .size = n, .times = NO, .block = NO \
	}
#define ALLOC_TIMES(fn, n, m)                                                          \
	{                                                                              \
		.name = fn, .type = MLU_CALL_ALLOC, .size = n, .times = m, .block = NO \
	}
#define NEW(fn, n)                                                                       \
	{                                                                                \
		.name = fn, .type = MLU_CALL_ALLOC, .size = n, .times = NO, .block = NO, \
		.throws = true                                                           \
	}
#define NEW_TIMES(fn, n, m)                                                             \
	{                                                                               \
		.name = fn, .type = MLU_CALL_ALLOC, .size = n, .times = m, .block = NO, \
		.throws = true                                                          \
	}
#define MEMALIGN(fn, p, n)                                                                \
	{                                                                                 \
		.name = fn, .type = MLU_CALL_MEMALIGN, .size = n, .times = NO, .block = p \
	}
#define REALLOC(fn, p, n)                                                                \
	{                                                                                \
		.name = fn, .type = MLU_CALL_REALLOC, .size = n, .times = NO, .block = p \
	}
#define REALLOC_TIMES(fn, p, n, m)                                                      \
	{                                                                               \
		.name = fn, .type = MLU_CALL_REALLOC, .size = n, .times = m, .block = p \
	}
#define REALLOCF(fn, p, n)                                                                \
	{                                                                                 \
		.name = fn, .type = MLU_CALL_REALLOC, .size = n, .times = NO, .block = p, \
		.frees = true                                                             \
	}
#define RENEW(fn, p, n)                                                                   \
	{                                                                                 \
		.name = fn, .type = MLU_CALL_REALLOC, .size = n, .times = NO, .block = p, \
		.throws = true                                                            \
	}
#define RENEW_TIMES(fn, p, n, m)                                                         \
	{                                                                                \
		.name = fn, .type = MLU_CALL_REALLOC, .size = n, .times = m, .block = p, \
		.throws = true                                                           \
	}
#define FREE(fn, p)                                                                    \
	{                                                                              \
		.name = fn, .type = MLU_CALL_FREE, .size = NO, .times = NO, .block = p \
	}
/* The size is that of the string in the block. */
#define STRING(fn)                                                                        \
	{                                                                                 \
		.name = fn, .type = MLU_CALL_STRING, .size = NO, .times = NO, .block = NO \
	}
#define SANITIZER_STRING(fn)                                                               \
	{                                                                                  \
		.name = fn, .type = MLU_CALL_STRING, .size = NO, .times = NO, .block = NO, \
		.sanitizer = true                                                          \
	}
#define MMAP(fn, n)                                                                    \
	{                                                                              \
		.name = fn, .type = MLU_CALL_MMAP, .size = n, .times = NO, .block = NO \
	}
#define MAPS(fn, does, p, n)                                                            \
	{                                                                               \
		.name = fn, .type = MLU_CALL_##does, .size = n, .times = NO, .block = p \
	}

const struct mlu_prototype mlu_prototypes[] = {
	/* C, POSIX, glibc */
	ALLOC("malloc", 0),
	FREE("free", 0),
	ALLOC_TIMES("calloc", 0, 1),
	REALLOC("realloc", 0, 1),
	REALLOC_TIMES("reallocarray", 0, 1, 2),
	MEMALIGN("posix_memalign", 0, 2),
	ALLOC("aligned_alloc", 1),
	ALLOC("memalign", 1),
	ALLOC("valloc", 0),
	ALLOC("pvalloc", 0),
	FREE("cfree", 0),
	FREE("free_sized", 0),
	FREE("free_aligned_sized", 0),
	FREE("__libc_free", 0),
	FREE("__libc_cfree", 0),
	MMAP("mmap", 1),
	MMAP("mmap64", 1),
	MAPS("mremap", MREMAP, 0, 2),
	MAPS("shmat", SHMAT, NO, NO),
	MAPS("brk", BRK, NO, 0),
	MAPS("sbrk", SBRK, NO, 0),
	/* The runtimes of sanitizers: their other functions that return a block call malloc. */
	SANITIZER_STRING("strdup"),
	SANITIZER_STRING("__strdup"),
	SANITIZER_STRING("strndup"),
	SANITIZER_STRING("__strndup"),
	/* C++: new, then delete; m is a size, St11align_val_t an alignment */
	NEW("_Znwm", 0),
	NEW("_ZnwmSt11align_val_t", 0),
	ALLOC("_ZnwmRKSt9nothrow_t", 0),
	ALLOC("_ZnwmSt11align_val_tRKSt9nothrow_t", 0),
	NEW("_Znam", 0),
	NEW("_ZnamSt11align_val_t", 0),
	ALLOC("_ZnamRKSt9nothrow_t", 0),
	ALLOC("_ZnamSt11align_val_tRKSt9nothrow_t", 0),
	FREE("_ZdlPv", 0),
	FREE("_ZdlPvm", 0),
	FREE("_ZdlPvRKSt9nothrow_t", 0),
	FREE("_ZdlPvSt11align_val_t", 0),
	FREE("_ZdlPvmSt11align_val_t", 0),
	FREE("_ZdlPvSt11align_val_tRKSt9nothrow_t", 0),
	FREE("_ZdaPv", 0),
	FREE("_ZdaPvm", 0),
	FREE("_ZdaPvRKSt9nothrow_t", 0),
	FREE("_ZdaPvSt11align_val_t", 0),
	FREE("_ZdaPvmSt11align_val_t", 0),
	FREE("_ZdaPvSt11align_val_tRKSt9nothrow_t", 0),
	/* jemalloc, also with a prefix */
	ALLOC("mallocx", 0),
	REALLOC("rallocx", 0, 1),
	FREE("dallocx", 0),
	FREE("sdallocx", 0),
	FREE("je_free", 0),
	FREE("je_dallocx", 0),
	FREE("je_sdallocx", 0),
	/* gperftools */
	ALLOC("tc_malloc", 0),
	ALLOC("tc_malloc_skip_new_handler", 0),
	ALLOC_TIMES("tc_calloc", 0, 1),
	REALLOC("tc_realloc", 0, 1),
	MEMALIGN("tc_posix_memalign", 0, 2),
	ALLOC("tc_memalign", 1),
	ALLOC("tc_valloc", 0),
	ALLOC("tc_pvalloc", 0),
	NEW("tc_new", 0),
	NEW("tc_new_aligned", 0),
	ALLOC("tc_new_nothrow", 0),
	ALLOC("tc_new_aligned_nothrow", 0),
	NEW("tc_newarray", 0),
	NEW("tc_newarray_aligned", 0),
	ALLOC("tc_newarray_nothrow", 0),
	ALLOC("tc_newarray_aligned_nothrow", 0),
	FREE("tc_free", 0),
	FREE("tc_cfree", 0),
	FREE("tc_free_sized", 0),
	FREE("tc_delete", 0),
	FREE("tc_delete_sized", 0),
	FREE("tc_delete_nothrow", 0),
	FREE("tc_delete_aligned", 0),
	FREE("tc_delete_sized_aligned", 0),
	FREE("tc_delete_aligned_nothrow", 0),
	FREE("tc_deletearray", 0),
	FREE("tc_deletearray_sized", 0),
	FREE("tc_deletearray_nothrow", 0),
	FREE("tc_deletearray_aligned", 0),
	FREE("tc_deletearray_sized_aligned", 0),
	FREE("tc_deletearray_aligned_nothrow", 0),
	/* mimalloc */
	ALLOC("mi_malloc", 0),
	ALLOC("mi_malloc_small", 0),
	ALLOC("mi_zalloc", 0),
	ALLOC("mi_zalloc_small", 0),
	ALLOC_TIMES("mi_calloc", 1, 0),
	ALLOC_TIMES("mi_mallocn", 1, 0),
	ALLOC("mi_malloc_aligned", 0),
	ALLOC("mi_malloc_aligned_at", 0),
	ALLOC("mi_zalloc_aligned", 0),
	ALLOC("mi_zalloc_aligned_at", 0),
	ALLOC_TIMES("mi_calloc_aligned", 1, 0),
	ALLOC_TIMES("mi_calloc_aligned_at", 1, 0),
	ALLOC("_aligned_malloc", 1),
	ALLOC("mi_aligned_alloc", 1),
	ALLOC("mi_memalign", 1),
	MEMALIGN("mi_posix_memalign", 0, 2),
	ALLOC("mi_valloc", 0),
	ALLOC("mi_pvalloc", 0),
	NEW("mi_new", 0),
	NEW("mi_new_aligned", 0),
	NEW_TIMES("mi_new_n", 1, 0),
	ALLOC("mi_new_nothrow", 0),
	ALLOC("mi_new_aligned_nothrow", 0),
	REALLOC("mi_realloc", 0, 1),
	REALLOC_TIMES("mi_reallocn", 0, 2, 1),
	REALLOC_TIMES("mi_reallocarray", 0, 2, 1),
	REALLOC("mi_rezalloc", 0, 1),
	REALLOC_TIMES("mi_recalloc", 0, 2, 1),
	REALLOC("mi_realloc_aligned", 0, 1),
	REALLOC("mi_realloc_aligned_at", 0, 1),
	REALLOC("mi_rezalloc_aligned", 0, 1),
	REALLOC("mi_rezalloc_aligned_at", 0, 1),
	REALLOC_TIMES("mi_recalloc_aligned", 0, 2, 1),
	REALLOC_TIMES("mi_recalloc_aligned_at", 0, 2, 1),
	REALLOC_TIMES("mi_aligned_recalloc", 0, 2, 1),
	REALLOC_TIMES("mi_aligned_offset_recalloc", 0, 2, 1),
	REALLOCF("reallocf", 0, 1),
	REALLOCF("mi_reallocf", 0, 1),
	RENEW("mi_new_realloc", 0, 1),
	RENEW_TIMES("mi_new_reallocn", 0, 2, 1),
	STRING("mi_strdup"),
	STRING("mi_strndup"),
	FREE("mi_free", 0),
	FREE("mi_cfree", 0),
	FREE("mi_free_size", 0),
	FREE("mi_free_size_aligned", 0),
	FREE("mi_free_aligned", 0),
	/* mimalloc: the first argument is a heap of the program */
	ALLOC("mi_heap_malloc", 1),
	ALLOC("mi_heap_malloc_small", 1),
	ALLOC("mi_heap_zalloc", 1),
	ALLOC_TIMES("mi_heap_calloc", 2, 1),
	ALLOC_TIMES("mi_heap_mallocn", 2, 1),
	ALLOC("mi_heap_malloc_aligned", 1),
	ALLOC("mi_heap_malloc_aligned_at", 1),
	ALLOC("mi_heap_zalloc_aligned", 1),
	ALLOC("mi_heap_zalloc_aligned_at", 1),
	ALLOC_TIMES("mi_heap_calloc_aligned", 2, 1),
	ALLOC_TIMES("mi_heap_calloc_aligned_at", 2, 1),
	NEW("mi_heap_alloc_new", 1),
	NEW_TIMES("mi_heap_alloc_new_n", 2, 1),
	STRING("mi_heap_strdup"),
	STRING("mi_heap_strndup"),
	REALLOC("mi_heap_realloc", 1, 2),
	REALLOC_TIMES("mi_heap_reallocn", 1, 3, 2),
	REALLOCF("mi_heap_reallocf", 1, 2),
	REALLOC("mi_heap_rezalloc", 1, 2),
	REALLOC_TIMES("mi_heap_recalloc", 1, 3, 2),
	REALLOC("mi_heap_realloc_aligned", 1, 2),
	REALLOC("mi_heap_realloc_aligned_at", 1, 2),
	REALLOC("mi_heap_rezalloc_aligned", 1, 2),
	REALLOC("mi_heap_rezalloc_aligned_at", 1, 2),
	REALLOC_TIMES("mi_heap_recalloc_aligned", 1, 3, 2),
	REALLOC_TIMES("mi_heap_recalloc_aligned_at", 1, 3, 2),
};

const unsigned int mlu_nr_prototypes = ARRAY_SIZE(mlu_prototypes);

static_assert(ARRAY_SIZE(mlu_prototypes) <= MLU_MAX_PROTOTYPES, "too many prototypes");

/**
 * mlu_prototype_of() - find a function in the table
 * @name: its name
 *
 * Return: its prototype, or NULL.
 */
const struct mlu_prototype *mlu_prototype_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < mlu_nr_prototypes; i++)
		if (!strcmp(mlu_prototypes[i].name, name))
			return &mlu_prototypes[i];
	return NULL;
}
