/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the parts of ranges: what is done under ranges->lock. */
#ifndef MLU_RANGES_INTERNAL_H
#define MLU_RANGES_INTERNAL_H

#include "ranges.h"

/* Records that are handled under one lock: some microseconds. */
#define MLU_RANGES_BATCH 64

/* Spares that a tree has at first. */
#define MLU_RANGES_FIRST_GOAL 256

/**
 * struct mlu_ranges_gone - records that were removed under the lock, to be freed without it
 * @first: the records, linked by next
 * @nr: their number
 * @touched: the number of records that were removed, trimmed or split
 */
struct mlu_ranges_gone {
	struct mlu_alloc *first;
	unsigned int nr;
	unsigned int touched;
};

static inline u64 mlu_mapped_last(const struct mlu_mapped *mapped)
{
	return mapped->alloc.addr + (mapped->alloc.size - 1);
}

static inline struct mlu_mapped *mlu_mapped_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct mlu_mapped, node);
}

struct mlu_mapped *mlu_ranges_get_spare(struct mlu_ranges *ranges, struct mlu_mapped *mapped);
struct mlu_mapped *mlu_ranges_starting(const struct rb_root *root, u64 start);
struct mlu_mapped *mlu_ranges_reaching(const struct rb_root *live, u64 start);
void mlu_ranges_link(struct rb_root *root, struct mlu_mapped *mapped);
void mlu_ranges_unlink(struct rb_root *root, struct mlu_mapped *mapped,
		       struct mlu_ranges_gone *gone);
void mlu_ranges_forget(struct mlu_ranges *ranges, struct mlu_ranges_gone *gone);
void mlu_ranges_split(struct mlu_ranges *ranges, struct mlu_mapped *mapped, u64 start, u64 end);
bool mlu_ranges_cut_some(struct mlu_ranges *ranges, u64 start, u64 last,
			 struct mlu_ranges_gone *gone);
void mlu_ranges_place(struct mlu_ranges *ranges, struct mlu_mapped *mapped,
		      struct mlu_ranges_gone *gone);

#endif /* MLU_RANGES_INTERNAL_H */
