/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SEARCH_INDEX_H
#define MU_SEARCH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "ranges.h"

#define MU_NO_BLOCK UINT32_MAX
#define MU_LEAF_BITS 10
#define MU_LEAF_ENTRIES (1U << MU_LEAF_BITS)

/**
 * struct mu_index - a look-up of the block that an address is in
 * @at: the blocks, sorted
 * @nr: number of blocks
 * @min: first address that the tables cover
 * @span: number of addresses that they cover
 * @shift: binary logarithm of the size of a granule
 * @leaf_of: number of the leaf of each MU_LEAF_ENTRIES granules, from 1; 0: there is no block
 * @leaf: leaves; for each granule, and the one behind the last, the first block that ends behind
 *	  the granule's start
 */
struct mu_index {
	struct mu_range *at;
	size_t nr;
	uint64_t min;
	uint64_t span;
	unsigned int shift;
	uint32_t *leaf_of;
	uint32_t (*leaf)[MU_LEAF_ENTRIES + 1];
};

/**
 * struct mu_candidates - blocks that an address can be in
 * @first: number of the first one
 * @nr: their number
 */
struct mu_candidates {
	uint32_t first;
	uint32_t nr;
};

void mu_index_init(struct mu_index *index, const struct mu_blocks *blocks);
void mu_index_free(struct mu_index *index);
struct mu_ranges mu_index_near(const struct mu_index *index);

/**
 * mu_index_covers() - check whether an address is between the first and the last block
 * @x: the index
 * @address: the address
 *
 * Return: true if it is.
 */
static inline bool mu_index_covers(const struct mu_index *x, uint64_t address)
{
	return address - x->min < x->span;
}

/**
 * mu_index_leaf() - find the leaf of an address
 * @x: the index
 * @address: the address; covered
 *
 * Return: its number from 1, or 0 if no block is near.
 */
static inline uint32_t mu_index_leaf(const struct mu_index *x, uint64_t address)
{
	return x->leaf_of[(address - x->min) >> (x->shift + MU_LEAF_BITS)];
}

/**
 * mu_index_granule() - find the entry of the granule of an address
 * @x: the index
 * @leaf: of mu_index_leaf(), not 0
 * @address: the address
 *
 * Return: the entry, which the next granule's one follows.
 */
static inline const uint32_t *mu_index_granule(const struct mu_index *x, uint32_t leaf,
					       uint64_t address)
{
	return &x->leaf[leaf - 1][((address - x->min) >> x->shift) % MU_LEAF_ENTRIES];
}

/**
 * mu_index_candidates() - find the blocks that an address can be in
 * @x: the index
 * @granule: of mu_index_granule()
 *
 * Return: the first block that ends behind the granule's start, up to the first one that ends
 * behind the next granule's start.
 */
static inline struct mu_candidates mu_index_candidates(const struct mu_index *x,
						       const uint32_t *granule)
{
	uint32_t last = granule[1] < x->nr ? granule[1] : x->nr - 1;

	if (granule[0] > last)
		return (struct mu_candidates){ .first = last, .nr = 1 };
	return (struct mu_candidates){ .first = granule[0], .nr = last - granule[0] + 1 };
}

/**
 * mu_index_choose() - find the block that an address is in among candidates
 * @x: the index
 * @c: the candidates
 * @address: the address
 *
 * Return: its number, or MU_NO_BLOCK.
 */
static inline uint32_t mu_index_choose(const struct mu_index *x, struct mu_candidates c,
				       uint64_t address)
{
	while (c.nr > 1) {
		uint32_t half = c.nr / 2;

		c.first += x->at[c.first + half].start <= address ? half : 0;
		c.nr -= half;
	}
	if (address < x->at[c.first].start || address >= x->at[c.first].end)
		return MU_NO_BLOCK;
	return c.first;
}

/**
 * mu_index_find() - find the block that an address is in
 * @x: the index
 * @address: the address
 *
 * Return: its number, or MU_NO_BLOCK.
 */
static inline uint32_t mu_index_find(const struct mu_index *x, uint64_t address)
{
	uint32_t leaf = mu_index_covers(x, address) ? mu_index_leaf(x, address) : 0;

	if (!leaf)
		return MU_NO_BLOCK;
	return mu_index_choose(x, mu_index_candidates(x, mu_index_granule(x, leaf, address)),
			       address);
}

#endif
