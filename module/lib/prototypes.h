/* SPDX-License-Identifier: GPL-2.0-only */
/* prototypes: the allocator functions that are probed, and the meaning of their arguments. */
#ifndef MLU_PROTOTYPES_H
#define MLU_PROTOTYPES_H

#include <linux/types.h>

/**
 * enum mlu_call_type - the effect of a call, according to its arguments and its result
 * @MLU_CALL_ALLOC: returns a new block, or NULL
 * @MLU_CALL_REALLOC: returns a block for an old one, or NULL
 * @MLU_CALL_MEMALIGN: stores a new block's address where an argument points to; returns 0 if it did
 * @MLU_CALL_FREE: frees a block; entry probe only
 * @MLU_CALL_MMAP: returns a new mapping, or MAP_FAILED
 * @MLU_CALL_MREMAP: moves or resizes a mapping, or copies it; returns its address, or MAP_FAILED
 * @MLU_CALL_SHMAT: returns the address of shared memory, or -1
 * @MLU_CALL_BRK: sets the program's break; returns 0, or -1
 * @MLU_CALL_SBRK: adds to the program's break; returns the one before, or -1
 * @MLU_CALL_STRING: returns a copy of a string in a new block, or NULL
 */
enum mlu_call_type {
	MLU_CALL_ALLOC,
	MLU_CALL_REALLOC,
	MLU_CALL_MEMALIGN,
	MLU_CALL_FREE,
	/* The rare ones, see mlu_prototype_is_rare(). */
	MLU_CALL_MMAP,
	MLU_CALL_MREMAP,
	MLU_CALL_SHMAT,
	MLU_CALL_BRK,
	MLU_CALL_SBRK,
	MLU_CALL_STRING,
};

#define MLU_NO_ARG (-1)
/* At least the number of entries of mlu_prototypes. */
#define MLU_MAX_PROTOTYPES 192

/**
 * struct mlu_prototype - a function that may be probed
 * @name: its name
 * @type: its effect
 * @size: number of the argument that is the size, from 0, or MLU_NO_ARG
 * @times: number of the argument that is a factor of the size, or MLU_NO_ARG
 * @block: number of the argument that is the block or where to store its address, or MLU_NO_ARG
 * @throws: it may leave by an exception, which a return probe would turn into the program's end
 * @frees: (MLU_CALL_REALLOC) it frees the old block also if it returns NULL
 * @sanitizer: it allocates only in the runtime of a sanitizer; elsewhere it calls malloc
 */
struct mlu_prototype {
	const char *name;
	enum mlu_call_type type;
	s8 size;
	s8 times;
	s8 block;
	bool throws;
	bool frees;
	bool sanitizer;
};

/**
 * struct mlu_function - a probed function of an object
 * @proto: its prototype
 * @skipped: distance from its first byte to its breakpoint; set when the breakpoint is in
 * @size: its size in bytes, 0 if unknown
 * @has_exits: its exits can be probed
 * @unseen: its object also has operator new, which is not probed
 */
struct mlu_function {
	const struct mlu_prototype *proto;
	u32 skipped;
	u32 size;
	bool has_exits;
	bool unseen;
};

extern const struct mlu_prototype mlu_prototypes[];
extern const unsigned int mlu_nr_prototypes;

const struct mlu_prototype *mlu_prototype_of(const char *name);

static inline bool mlu_prototype_has_return(const struct mlu_prototype *proto)
{
	return proto->type != MLU_CALL_FREE;
}

/* Probed first at attach: otherwise a recorded block could be freed unnoticed. */
static inline bool mlu_prototype_is_free(const struct mlu_prototype *proto)
{
	return proto->type == MLU_CALL_FREE;
}

/* True if its blocks are address space, whose records are in a tree of their own. */
static inline bool mlu_prototype_is_mapping(const struct mlu_prototype *proto)
{
	return proto->type >= MLU_CALL_MMAP && proto->type <= MLU_CALL_SBRK;
}

/* True if its calls need more than those of malloc and the like at their entry. */
static inline bool mlu_prototype_is_rare(const struct mlu_prototype *proto)
{
	return proto->type >= MLU_CALL_MMAP;
}

/* True if what its calls allocate is known at their return only; of those that are rare. */
static inline bool mlu_prototype_is_late(const struct mlu_prototype *proto)
{
	return proto->type > MLU_CALL_MMAP;
}

#endif /* MLU_PROTOTYPES_H */
