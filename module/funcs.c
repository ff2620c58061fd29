// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of allocator functions: C11 7.22.3, C23 7.24.3, POSIX.1-2024 and glibc's manual.
 *
 * None of them may throw, which matters: an exception that passes a return probe's trampoline ends
 * the program.  operator new is not among them for that reason; it calls malloc.  Where several
 * names share an address (cfree and free, memalign and aligned_alloc, mmap and mmap64) the first
 * one in this table names the probe.
 */
#include <linux/kernel.h>

#include "funcs.h"

const struct mlu_func mlu_funcs[] = {
	/* name                sort             size times block */
	{ "malloc", MLU_FUNC_ALLOC, 0, MLU_NO_ARG, MLU_NO_ARG },
	{ "free", MLU_FUNC_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "calloc", MLU_FUNC_ALLOC, 0, 1, MLU_NO_ARG },
	{ "realloc", MLU_FUNC_REALLOC, 1, MLU_NO_ARG, 0 },
	{ "reallocarray", MLU_FUNC_REALLOC, 1, 2, 0 },
	{ "posix_memalign", MLU_FUNC_MEMALIGN, 2, MLU_NO_ARG, 0 },
	{ "aligned_alloc", MLU_FUNC_ALLOC, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "memalign", MLU_FUNC_ALLOC, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "valloc", MLU_FUNC_ALLOC, 0, MLU_NO_ARG, MLU_NO_ARG },
	{ "pvalloc", MLU_FUNC_ALLOC, 0, MLU_NO_ARG, MLU_NO_ARG },
	{ "cfree", MLU_FUNC_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "free_sized", MLU_FUNC_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "free_aligned_sized", MLU_FUNC_FREE, MLU_NO_ARG, MLU_NO_ARG, 0 },
	{ "mmap", MLU_FUNC_MMAP, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "mmap64", MLU_FUNC_MMAP, 1, MLU_NO_ARG, MLU_NO_ARG },
	{ "munmap", MLU_FUNC_MUNMAP, 1, MLU_NO_ARG, 0 },
};

const unsigned int mlu_nr_funcs = ARRAY_SIZE(mlu_funcs);
