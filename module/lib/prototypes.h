/* SPDX-License-Identifier: GPL-2.0-only */
/* The allocator functions that are probed, and what their arguments mean. */
#ifndef MLU_PROTOTYPES_H
#define MLU_PROTOTYPES_H

#include <linux/types.h>

/* What a call does, seen from its arguments and its result. */
enum mlu_call_type {
	MLU_CALL_ALLOC,	   /* gives a new block, or NULL */
	MLU_CALL_REALLOC,  /* gives a block for an old one, or NULL */
	MLU_CALL_MEMALIGN, /* puts a new block's address where an argument says; 0: it did */
	MLU_CALL_FREE,	   /* entry only */
	MLU_CALL_MMAP,	   /* gives a new mapping, or MAP_FAILED */
	MLU_CALL_MUNMAP,   /* 0: it did */
};

#define MLU_NO_ARG (-1)
/* At least as many as funcs.c has. */
#define MLU_MAX_PROTOTYPES 96

struct mlu_prototype {
	const char *name;
	enum mlu_call_type type;
	/* Numbers of arguments: the size, a factor of it, and the block or where it is put. */
	s8 size;
	s8 times;
	s8 block;
};

/* One probed function. */
struct mlu_function {
	const struct mlu_prototype *proto;
	u32 skipped; /* from its first byte to its breakpoint; set when that is in */
	u32 size;    /* in bytes, 0: not known */
	bool unseen; /* its object also has operator new, which is not probed */
};

extern const struct mlu_prototype mlu_prototypes[];
extern const unsigned int mlu_nr_prototypes;

static inline bool mlu_prototype_has_return(const struct mlu_prototype *proto)
{
	return proto->type != MLU_CALL_FREE;
}

/* Probed first at attach: without them a block could be recorded whose end is not seen. */
static inline bool mlu_prototype_is_free(const struct mlu_prototype *proto)
{
	return proto->type == MLU_CALL_FREE || proto->type == MLU_CALL_MUNMAP;
}

/* Which table its blocks are in. */
static inline bool mlu_prototype_is_mapping(const struct mlu_prototype *proto)
{
	return proto->type == MLU_CALL_MMAP || proto->type == MLU_CALL_MUNMAP;
}

#endif /* MLU_PROTOTYPES_H */
