/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of mappings, by the addresses that they cover. */
#ifndef MLU_RANGES_H
#define MLU_RANGES_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include "allocs.h"

/**
 * struct mlu_ranges - the records of mappings of one epoch
 * @lock: protects the tree
 * @tree: an interval tree of struct mlu_mapped_alloc
 */
struct mlu_ranges {
	spinlock_t lock; /* a leaf */
	struct rb_root_cached tree;
};

void mlu_ranges_init(struct mlu_ranges *ranges);
void mlu_ranges_add(struct mlu_ranges *ranges, struct mlu_alloc *alloc);
void mlu_ranges_remove(struct mlu_ranges *ranges, struct mlu_alloc *alloc);
bool mlu_ranges_overlap(struct mlu_ranges *ranges, u64 start, u64 size);

#endif /* MLU_RANGES_H */
