// SPDX-License-Identifier: GPL-2.0-only
/*
 * An index of blocks by address, for looking up each word of a process's memory.
 *
 * Address space is divided into granules of a page or more. A table of two levels has for each
 * granule the range of blocks that can be in it; the rest is a binary search in that range. The
 * target chooses where its blocks are, so that the size of the tables is bounded: if they would
 * become too large, the granules are made larger.
 */
#include "search_index.h"

#include <stdlib.h>

#include "mem.h"

#define MIN_SHIFT 12
#define MAX_DIRECTORY (1UL << 24)
#define MAX_LEAVES 16384
#define BLOCKS_PER_LEAF 256 /* more blocks may have more leaves */

static uint64_t leaf_number(const struct mu_index *x, uint64_t address)
{
	return (address - x->min) >> (x->shift + MU_LEAF_BITS);
}

static void set_range(struct mu_index *x, unsigned int shift)
{
	x->shift = shift;
	x->min = x->at[0].start >> shift << shift;
	x->span = x->at[x->nr - 1].end - x->min;
}

static size_t count_leaves(const struct mu_index *x, size_t limit)
{
	uint64_t next = 0; /* first leaf that has not been counted */
	size_t count = 0;

	for (size_t i = 0; i < x->nr && count <= limit; i++) {
		uint64_t first = leaf_number(x, x->at[i].start);
		uint64_t last = leaf_number(x, x->at[i].end - 1);

		if (first < next)
			first = next;
		if (last >= first) {
			count += last - first + 1;
			next = last + 1;
		}
	}
	return count;
}

/* Return: the number of leaves, for the smallest granule whose tables are small enough. */
static size_t choose_granule(struct mu_index *x)
{
	size_t limit = MAX_LEAVES + x->nr / BLOCKS_PER_LEAF;

	for (unsigned int shift = MIN_SHIFT; shift < 64 - MU_LEAF_BITS; shift++) {
		size_t leaves;

		set_range(x, shift);
		if (leaf_number(x, x->at[x->nr - 1].end - 1) >= MAX_DIRECTORY)
			continue;
		leaves = count_leaves(x, limit);
		if (leaves <= limit)
			return leaves;
	}
	return 0; /* not reached: one leaf covers all addresses at the last shift */
}

static void number_leaves(struct mu_index *x)
{
	uint32_t nr = 0;

	for (size_t i = 0; i < x->nr; i++) {
		uint64_t last = leaf_number(x, x->at[i].end - 1);

		for (uint64_t leaf = leaf_number(x, x->at[i].start); leaf <= last; leaf++)
			if (!x->leaf_of[leaf])
				x->leaf_of[leaf] = ++nr;
	}
}

/* Fill a leaf. Return: the first block that can be in the next one. */
static size_t fill_leaf(struct mu_index *x, uint64_t number, size_t block)
{
	uint32_t *leaf = x->leaf[x->leaf_of[number] - 1];
	uint64_t address = x->min + (number << (x->shift + MU_LEAF_BITS));

	for (size_t i = 0; i <= MU_LEAF_ENTRIES; i++) {
		while (block < x->nr && x->at[block].end <= address)
			block++;
		leaf[i] = block;
		address += 1UL << x->shift;
	}
	return block;
}

static void fill_leaves(struct mu_index *x)
{
	uint64_t last = leaf_number(x, x->at[x->nr - 1].end - 1);
	size_t block = 0;

	for (uint64_t number = 0; number <= last; number++)
		if (x->leaf_of[number])
			block = fill_leaf(x, number, block);
}

/**
 * mu_index_init() - make the index of a list of blocks
 * @x: set to the index
 * @blocks: the blocks, of mu_blocks_keep_known()
 */
void mu_index_init(struct mu_index *x, const struct mu_blocks *blocks)
{
	size_t leaves;

	*x = (struct mu_index){ .nr = blocks->nr };
	x->at = mu_zalloc(x->nr * sizeof(*x->at));
	for (size_t i = 0; i < x->nr; i++) {
		const struct mu_block *b = &blocks->at[i];

		x->at[i].start = b->address;
		x->at[i].end = b->address + (b->size ? b->size : 1);
	}
	if (!x->nr)
		return;
	leaves = choose_granule(x);
	x->leaf_of = mu_zalloc((leaf_number(x, x->at[x->nr - 1].end - 1) + 1) *
			       sizeof(*x->leaf_of));
	x->leaf = mu_zalloc(leaves * sizeof(*x->leaf));
	number_leaves(x);
	fill_leaves(x);
}

/**
 * mu_index_near() - get the memory that is near blocks
 * @x: the index
 *
 * Return: the addresses that have a leaf, to be freed with mu_ranges_free().
 */
struct mu_ranges mu_index_near(const struct mu_index *x)
{
	uint64_t bytes = 1UL << (x->shift + MU_LEAF_BITS);
	struct mu_ranges near = {};

	for (uint64_t i = 0; x->nr && i <= leaf_number(x, x->at[x->nr - 1].end - 1); i++)
		if (x->leaf_of[i])
			mu_ranges_add(&near, x->min + i * bytes, x->min + (i + 1) * bytes);
	return near;
}

/**
 * mu_index_free() - free an index
 * @x: the index
 */
void mu_index_free(struct mu_index *x)
{
	free(x->at);
	free(x->leaf_of);
	free(x->leaf);
}
