/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of functions that a target adds to the table: prefix= and pair= of its attach. */
#ifndef MLU_NAMES_H
#define MLU_NAMES_H

#include <linux/list.h>
#include <linux/refcount.h>

#include "lib/elf.h"
#include "lib/prototypes.h"

#define MLU_MAX_PAIRS 8
#define MLU_MAX_PREFIX 32
/* Arguments of a pair's functions are numbered from 1. */
#define MLU_MAX_ARG 4
/* Functions with the prefix, and those of the pairs. */
#define MLU_MAX_NAMES (32 + 2 * MLU_MAX_PAIRS)

/**
 * struct mlu_pair - a function that allocates and one that frees its blocks
 * @alloc: the name of the first one
 * @free: the name of the second one
 * @size: number of the argument of @alloc that is the size, from 1
 * @block: number of the argument of @free that is the block, from 1
 */
struct mlu_pair {
	char alloc[MLU_ELF_MAX_NAME + 1];
	char free[MLU_ELF_MAX_NAME + 1];
	u8 size;
	u8 block;
};

/**
 * struct mlu_names_spec - the names as an attach command has them
 * @prefix: prefix=, or empty
 * @nr_pairs: the number of @pair
 * @pair: each pair=
 *
 * Unused bytes are 0, so that two of them can be compared by memcmp().
 */
struct mlu_names_spec {
	char prefix[MLU_MAX_PREFIX + 1];
	u8 nr_pairs;
	struct mlu_pair pair[MLU_MAX_PAIRS];
};

/**
 * struct mlu_names - a set of names
 * @refs: held by each target that has asked for these names, and by each dso that was searched for
 *	them
 * @node: in the list of all sets
 * @spec: what the set was made of; this and what follows is constant
 * @nr: number of @prototype
 * @nr_prefixed: how many of them have the prefix: malloc and free, then the others; the functions
 *	of each pair follow
 * @prototype: the functions
 * @text: their names
 */
struct mlu_names {
	refcount_t refs;
	struct list_head node;
	struct mlu_names_spec spec;
	unsigned int nr;
	unsigned int nr_prefixed;
	struct mlu_prototype prototype[MLU_MAX_NAMES];
	char text[MLU_MAX_NAMES][MLU_ELF_MAX_NAME + 1];
};

/* Two bits for the functions of pair @i, as in struct mlu_allocator. */
#define MLU_PAIR_ALLOC(i) (1u << (2 * (i)))
#define MLU_PAIR_FREE(i) (2u << (2 * (i)))
#define MLU_PAIR_BOTH(i) (3u << (2 * (i)))

int mlu_names_set_prefix(struct mlu_names_spec *spec, const char *text);
int mlu_names_add_pair(struct mlu_names_spec *spec, char *text, const char **taken);

struct mlu_names *mlu_names_get(const struct mlu_names_spec *spec);
void mlu_names_put(struct mlu_names *names);

/* Take a further reference on @names, which may be NULL. */
static inline struct mlu_names *mlu_names_share(struct mlu_names *names)
{
	if (names)
		refcount_inc(&names->refs);
	return names;
}

#endif /* MLU_NAMES_H */
