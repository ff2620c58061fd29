// SPDX-License-Identifier: GPL-2.0-only
/*
 * prototypes: the table of allocator functions that are probed.
 *
 * Sources: C11 7.22.3, C23 7.24.3, POSIX.1-2024, glibc's manual, C++23 17.6.3 with the names of the
 * Itanium ABI, and the manuals of jemalloc, gperftools and mimalloc.
 *
 * The blocks of an object that defines malloc may be freed by any of its functions that free, so
 * these are in the table for all languages: a block that is freed by a function without a probe
 * stays in the report.
 *
 * A function with a return probe must not throw: an exception that passes the trampoline of a
 * return probe ends the program. That is why operator new is missing. A function that only frees
 * has an entry probe alone.
 *
 * If several names share an address (cfree and free, memalign and aligned_alloc, mmap and mmap64),
 * the first one in this table names the probe.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>

#include "prototypes.h"

const struct mlu_prototype mlu_prototypes[] = {
	/* name, type, size, times, block */
	/* C, POSIX, glibc */
	{ "malloc", MLU_CALL_ALLOC, 0, MLU_NO_ARG, MLU_NO_ARG },
	{ "free", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "calloc", MLU_CALL_ALLOC, 0, 1, MLU_NO_ARG },
	{ "realloc", MLU_CALL_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "reallocarray", MLU_CALL_REALLOC, 1, 2, 0 },
	{ "posix_memalign", MLU_CALL_MEMALIGN, 2, MLU_NO_ARG, 0 },
	{ "aligned_alloc", MLU_CALL_ALLOC, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "memalign", MLU_CALL_ALLOC, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "valloc", MLU_CALL_ALLOC, 0, MLU_NO_ARG, MLU_NO_ARG },
	{ "pvalloc", MLU_CALL_ALLOC, 0, MLU_NO_ARG, MLU_NO_ARG },
	{ "cfree", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "free_sized", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "free_aligned_sized", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "__libc_free", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "__libc_cfree", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mmap", MLU_CALL_MMAP, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "mmap64", MLU_CALL_MMAP, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "munmap", MLU_CALL_MUNMAP, 1, MLU_NO_ARG, 0 },
	/* C++: delete, then delete[]; m is a size, St11align_val_t an alignment */
	{ "_ZdlPv", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdlPvm", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdlPvRKSt9nothrow_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdlPvSt11align_val_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdlPvmSt11align_val_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdlPvSt11align_val_tRKSt9nothrow_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdaPv", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdaPvm", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdaPvRKSt9nothrow_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdaPvSt11align_val_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdaPvmSt11align_val_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "_ZdaPvSt11align_val_tRKSt9nothrow_t", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	/* jemalloc, also with a prefix */
	{ "mallocx", MLU_CALL_ALLOC, 0, MLU_NO_ARG, MLU_NO_ARG },
	{ "rallocx", MLU_CALL_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "dallocx", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "sdallocx", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "je_free", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "je_dallocx", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "je_sdallocx", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	/* gperftools */
	{ "tc_free", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_cfree", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_free_sized", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_delete", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_delete_sized", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_delete_nothrow", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_delete_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_delete_sized_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_delete_aligned_nothrow", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_deletearray", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_deletearray_sized", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_deletearray_nothrow", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_deletearray_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_deletearray_sized_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "tc_deletearray_aligned_nothrow", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	/* mimalloc */
	{ "mi_free", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_cfree", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_free_size", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_free_size_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_free_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_reallocn", MLU_CALL_REALLOC, 2, 1, 0 },
	{ "mi_reallocarray", MLU_CALL_REALLOC, 2, 1, 0 },
	{ "mi_rezalloc", MLU_CALL_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "mi_recalloc", MLU_CALL_REALLOC, 2, 1, 0 },
	{ "mi_realloc_aligned", MLU_CALL_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "mi_realloc_aligned_at", MLU_CALL_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "mi_rezalloc_aligned", MLU_CALL_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "mi_rezalloc_aligned_at", MLU_CALL_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "mi_recalloc_aligned", MLU_CALL_REALLOC, 2, 1, 0 },
	{ "mi_recalloc_aligned_at", MLU_CALL_REALLOC, 2, 1, 0 },
	/*
	 * mimalloc: these take a block, and may throw, free it also when they fail, or use a heap
	 * of the program. Their results are not recorded.
	 */
	{ "mi_new_realloc", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_new_reallocn", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "reallocf", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_reallocf", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mi_heap_realloc", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_reallocn", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_reallocf", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_rezalloc", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_recalloc", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_realloc_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_realloc_aligned_at", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_rezalloc_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_rezalloc_aligned_at", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_recalloc_aligned", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
	{ "mi_heap_recalloc_aligned_at", MLU_CALL_FREE, MLU_NO_ARG, MLU_NO_ARG, 1 },
};

const unsigned int mlu_nr_prototypes = ARRAY_SIZE(mlu_prototypes);

static_assert(ARRAY_SIZE(mlu_prototypes) <= MLU_MAX_PROTOTYPES, "too many prototypes");
