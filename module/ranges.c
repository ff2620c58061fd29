// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of mappings, by the addresses that they cover: an interval tree.
 *
 * The table of allocations finds a record by its first address only. munmap() of the middle or the
 * tail of a mapping is called with another address; the record is found here.
 *
 * Context: Called from handlers, in task context. Does not sleep.
 * Locking: ranges->lock, a leaf.
 * Ownership: A record is in the tree from before it is inserted into its table until after it has
 * been removed from it. The table owns it.
 */
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>

#include "ranges.h"

static inline u64 range_start(const struct mlu_mapped_alloc *m)
{
	return m->alloc.addr;
}

/* The kernel maps whole pages. A range that would wrap ends at the end of the address space. */
static u64 last_address(u64 start, u64 size)
{
	u64 bytes = max_t(u64, PAGE_ALIGN(size), PAGE_SIZE);

	return bytes < size || start + (bytes - 1) < start ? U64_MAX : start + (bytes - 1);
}

static inline u64 range_last(const struct mlu_mapped_alloc *m)
{
	return last_address(m->alloc.addr, m->alloc.size);
}

INTERVAL_TREE_DEFINE(struct mlu_mapped_alloc, range_node, u64, range_subtree_last, range_start,
		     range_last, static inline, range_tree)

static struct mlu_mapped_alloc *to_mapped(struct mlu_alloc *alloc)
{
	return container_of(alloc, struct mlu_mapped_alloc, alloc);
}

/**
 * mlu_ranges_init() - initialize an empty tree
 * @ranges: the tree
 */
void mlu_ranges_init(struct mlu_ranges *ranges)
{
	spin_lock_init(&ranges->lock);
	ranges->tree = RB_ROOT_CACHED;
}

/**
 * mlu_ranges_add() - add a record before it is inserted into its table
 * @ranges: the tree
 * @alloc: the record, which must be one of a mapping
 *
 * Context: Task context. Does not sleep. Takes and releases ranges->lock.
 */
void mlu_ranges_add(struct mlu_ranges *ranges, struct mlu_alloc *alloc)
{
	spin_lock(&ranges->lock);
	range_tree_insert(to_mapped(alloc), &ranges->tree);
	spin_unlock(&ranges->lock);
}

/**
 * mlu_ranges_remove() - remove a record before it is freed
 * @ranges: the tree
 * @alloc: the record, which has been removed from its table
 *
 * Context: Task context. Does not sleep. Takes and releases ranges->lock.
 */
void mlu_ranges_remove(struct mlu_ranges *ranges, struct mlu_alloc *alloc)
{
	spin_lock(&ranges->lock);
	range_tree_remove(to_mapped(alloc), &ranges->tree);
	spin_unlock(&ranges->lock);
}

/**
 * mlu_ranges_overlap() - look for a record of any of these addresses
 * @ranges: the tree
 * @start: the first address
 * @size: the number of bytes; less than a page counts as one
 *
 * Context: Task context. Does not sleep. Takes and releases ranges->lock.
 * Return: true if there is a record.
 */
bool mlu_ranges_overlap(struct mlu_ranges *ranges, u64 start, u64 size)
{
	bool overlap;

	spin_lock(&ranges->lock);
	overlap = range_tree_iter_first(&ranges->tree, start, last_address(start, size));
	spin_unlock(&ranges->lock);
	return overlap;
}
