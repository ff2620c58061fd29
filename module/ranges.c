// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of mappings by the addresses that they cover.
 *
 * The table of allocations finds a record by its first address only.  munmap() of the middle or the
 * tail of a mapping has another one, and is found here.
 *
 * Entered from handlers, in task context; never sleeps.  A record is in the tree from before it is
 * inserted into its table until after it was taken out of it.
 */
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>

#include "ranges.h"

static inline u64 range_start(const struct mlu_mapped_alloc *m)
{
	return m->alloc.addr;
}

/* The kernel maps whole pages.  What is said to pass the end of the address space ends there. */
static u64 last_of(u64 start, u64 size)
{
	u64 bytes = max_t(u64, PAGE_ALIGN(size), PAGE_SIZE);

	return bytes < size || start + (bytes - 1) < start ? U64_MAX : start + (bytes - 1);
}

static inline u64 range_last(const struct mlu_mapped_alloc *m)
{
	return last_of(m->alloc.addr, m->alloc.size);
}

INTERVAL_TREE_DEFINE(struct mlu_mapped_alloc, range_node, u64, range_subtree_last, range_start,
		     range_last, static inline, range_tree)

static struct mlu_mapped_alloc *mapped(struct mlu_alloc *alloc)
{
	return container_of(alloc, struct mlu_mapped_alloc, alloc);
}

void mlu_ranges_init(struct mlu_ranges *ranges)
{
	spin_lock_init(&ranges->lock);
	ranges->tree = RB_ROOT_CACHED;
}

/* mlu_ranges_add() - a record of a mapping, before it is inserted into its table */
void mlu_ranges_add(struct mlu_ranges *ranges, struct mlu_alloc *alloc)
{
	spin_lock(&ranges->lock);
	range_tree_insert(mapped(alloc), &ranges->tree);
	spin_unlock(&ranges->lock);
}

/* mlu_ranges_remove() - the same, before it is freed */
void mlu_ranges_remove(struct mlu_ranges *ranges, struct mlu_alloc *alloc)
{
	spin_lock(&ranges->lock);
	range_tree_remove(mapped(alloc), &ranges->tree);
	spin_unlock(&ranges->lock);
}

/* mlu_ranges_overlap() - is there a record of any of these addresses? */
bool mlu_ranges_overlap(struct mlu_ranges *ranges, u64 start, u64 size)
{
	bool overlap;

	spin_lock(&ranges->lock);
	overlap = range_tree_iter_first(&ranges->tree, start, last_of(start, size));
	spin_unlock(&ranges->lock);
	return overlap;
}
