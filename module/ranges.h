/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of mappings: intervals of addresses that do not overlap. */
#ifndef MLU_RANGES_H
#define MLU_RANGES_H

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>

#include "allocs.h"
#include "counters.h"
#include "stacks.h"

/**
 * struct mlu_mapped - the record of a mapping, or of a part that is left of one
 * @alloc: the record; its address and size are changed under the lock of its tree
 * @node: in the tree
 * @spare: for the second part when it is split, or NULL
 * @taker: the call of mremap that moves it, or NULL; compared only
 * @sampled: the size that decided whether the mapping was recorded
 */
struct mlu_mapped {
	struct mlu_alloc alloc;
	struct rb_node node;
	struct mlu_mapped *spare;
	const void *taker;
	u64 sampled;
};

static inline struct mlu_mapped *mlu_to_mapped(const struct mlu_alloc *alloc)
{
	return container_of(alloc, struct mlu_mapped, alloc);
}

/**
 * struct mlu_ranges - the records of mappings of one epoch
 * @lock: protects the members below and each record
 * @live: records by address; they do not overlap
 * @taken: records that calls of mremap are moving, by their old address
 * @spares: for records that have used their own, linked by next
 * @nr_spares: number of @spares
 * @goal: how many @spares there should be
 * @was_full: there were as many once
 * @stacks: the stacks, to count parts that are split off
 * @counters: the counters of events
 */
struct mlu_ranges {
	spinlock_t lock; /* a leaf */
	struct rb_root live;
	struct rb_root taken;
	struct mlu_alloc *spares;
	unsigned int nr_spares;
	unsigned int goal;
	bool was_full;
	struct mlu_stacks *stacks;
	struct mlu_counters __percpu *counters;
};

/**
 * struct mlu_ranges_cursor - a position in a walk over the records
 * @at: what lies below was shown
 * @taken: the walk has reached the records that are being moved
 * @done: there are no more records
 *
 * Zeroed before the first step.
 */
struct mlu_ranges_cursor {
	u64 at;
	bool taken;
	bool done;
};

int mlu_ranges_pool_init(void);
void mlu_ranges_pool_exit(void);
struct mlu_mapped *mlu_mapped_new(void);
void mlu_mapped_free(struct mlu_mapped *mapped);

void mlu_ranges_init(struct mlu_ranges *ranges, struct mlu_stacks *stacks,
		     struct mlu_counters __percpu *counters);
void mlu_ranges_exit(struct mlu_ranges *ranges);
void mlu_ranges_insert(struct mlu_ranges *ranges, struct mlu_mapped *mapped);
void mlu_ranges_cut(struct mlu_ranges *ranges, u64 start, u64 end);
unsigned int mlu_ranges_step(struct mlu_ranges *ranges, struct mlu_ranges_cursor *cursor,
			     mlu_alloc_fn fn, void *ctx, unsigned int max);

void mlu_ranges_take(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker);
unsigned int mlu_ranges_move(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker,
			     u64 to);
void mlu_ranges_restore(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker);
void mlu_ranges_drop(struct mlu_ranges *ranges, u64 start, u64 end, const void *taker);
bool mlu_ranges_extend(struct mlu_ranges *ranges, u64 at, u64 size);
bool mlu_ranges_copy(struct mlu_ranges *ranges, u64 *at, u64 end, struct mlu_mapped *copy);

void mlu_ranges_prepare(struct mlu_ranges *ranges);
void mlu_ranges_refill(struct mlu_ranges *ranges);

/* Return: true if no record can be cut. */
static inline bool mlu_ranges_is_empty(const struct mlu_ranges *ranges)
{
	/* Without the lock: what this thread unmaps was recorded before. */
	return data_race(!ranges->live.rb_node);
}

/* Return: true if mlu_ranges_refill() should be called. */
static inline bool mlu_ranges_want_refill(const struct mlu_ranges *ranges)
{
	return READ_ONCE(ranges->nr_spares) < READ_ONCE(ranges->goal) / 2;
}

#endif /* MLU_RANGES_H */
