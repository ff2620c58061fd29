/* SPDX-License-Identifier: GPL-2.0-only */
/* The allocator functions that are probed, and what their arguments mean. */
#ifndef MLU_FUNCS_H
#define MLU_FUNCS_H

#include <linux/types.h>

/* What a call does, seen from its arguments and its result. */
enum mlu_func_sort {
	MLU_FUNC_ALLOC,	   /* gives a new block, or NULL */
	MLU_FUNC_REALLOC,  /* gives a block for an old one, or NULL */
	MLU_FUNC_MEMALIGN, /* puts a new block's address where an argument says; 0: it did */
	MLU_FUNC_FREE,	   /* entry only */
	MLU_FUNC_MMAP,	   /* gives a new mapping, or MAP_FAILED */
	MLU_FUNC_MUNMAP,   /* 0: it did */
};

#define MLU_NO_ARG (-1)
/* At least as many as funcs.c has. */
#define MLU_MAX_FUNCS 96

struct mlu_func {
	const char *name;
	enum mlu_func_sort sort;
	/* Numbers of arguments: the size, a factor of it, and the block or where it is put. */
	s8 size;
	s8 times;
	s8 block;
};

/* One probed function. */
struct mlu_function {
	const struct mlu_func *func;
	u32 skipped; /* from its first byte to its breakpoint; set when that is in */
	u32 size;    /* in bytes, 0: not known */
	bool unseen; /* its object also has operator new, which is not probed */
};

extern const struct mlu_func mlu_funcs[];
extern const unsigned int mlu_nr_funcs;

static inline bool mlu_func_has_return(const struct mlu_func *func)
{
	return func->sort != MLU_FUNC_FREE;
}

/* Probed first at attach: without them a block could be recorded whose end is not seen. */
static inline bool mlu_func_frees(const struct mlu_func *func)
{
	return func->sort == MLU_FUNC_FREE || func->sort == MLU_FUNC_MUNMAP;
}

/* Which table its blocks are in. */
static inline bool mlu_func_maps(const struct mlu_func *func)
{
	return func->sort == MLU_FUNC_MMAP || func->sort == MLU_FUNC_MUNMAP;
}

#endif /* MLU_FUNCS_H */
