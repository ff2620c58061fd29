/* SPDX-License-Identifier: GPL-2.0-only */
/* The records of a target since its attach or the last clear. */
#ifndef MLU_EPOCH_H
#define MLU_EPOCH_H

#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "allocs.h"
#include "counters.h"
#include "ranges.h"
#include "stacks.h"

/**
 * struct mlu_mark - what was outstanding at one moment, to be compared with later
 * @refs: held by the epoch and by readers
 * @time_ns: when, by mlu_target_now()
 * @bytes: the sum of sizes; an estimate if the target is sampled, as all of these
 * @nr: the number of allocations
 * @nr_stacks: the number of stacks that had allocations
 * @nr_ids: the number of elements of @stack
 * @stack: the same for each stack, by its id - 1; stacks with a higher id are newer
 */
struct mlu_mark {
	refcount_t refs;
	u64 time_ns;
	u64 bytes, nr;
	u32 nr_stacks;
	u32 nr_ids;
	struct mlu_marked {
		u64 bytes, nr;
	} stack[];
};

/**
 * struct mlu_epoch - the records, stacks and counters that belong together
 * @refs: references
 * @id: never reused: a call in flight compares it before it uses its pointers
 * @heap: records of heap blocks
 * @ranges: records of mappings
 * @stacks: the stacks of both
 * @counters: the events' outcomes
 * @mark: the last mark, or NULL; protected by mlu_targets_lock
 * @refill_work: allocates spares of @ranges; has a reference while it is queued
 * @free_work: frees the epoch
 *
 * Handlers use the target's current epoch within rcu_read_lock() and hold no reference. The
 * replacer waits for them before dropping its reference. Readers and deferred walks hold a
 * reference of their own.
 */
struct mlu_epoch {
	refcount_t refs;
	u64 id;
	struct mlu_allocs heap;
	struct mlu_ranges ranges;
	struct mlu_stacks stacks;
	struct mlu_counters __percpu *counters;
	struct mlu_mark *mark;
	struct work_struct refill_work;
	struct work_struct free_work;
};

struct mlu_call;

struct mlu_epoch *mlu_epoch_new(void);
void mlu_epoch_put(struct mlu_epoch *epoch);
struct mlu_mark *mlu_mark_new(u32 nr_ids);
void mlu_mark_put(struct mlu_mark *mark);

/**
 * mlu_epoch_forget() - count a freed block, free its record
 * @epoch: the target's epoch
 * @alloc: the record, which has been removed from its table
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
static inline void mlu_epoch_forget(struct mlu_epoch *epoch, struct mlu_alloc *alloc)
{
	mlu_count(epoch->counters, freed);
	mlu_alloc_free(alloc);
}

/**
 * mlu_epoch_record() - insert the record of a heap block and charge its stack
 * @epoch: the target's epoch
 * @alloc: the record, which belongs to the table from now on
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
static inline void mlu_epoch_record(struct mlu_epoch *epoch, struct mlu_alloc *alloc)
{
	struct mlu_alloc *old;

	/* Before the record can be seen: no reader finds more records than allocations. */
	mlu_stacks_count(&epoch->stacks, alloc->stack);
	old = mlu_allocs_insert(&epoch->heap, alloc);
	mlu_count(epoch->counters, allocated);
	if (!old)
		return;
	mlu_count(epoch->counters, replaced);
	mlu_epoch_forget(epoch, old);
}

void mlu_epoch_restore(struct mlu_epoch *epoch, struct mlu_alloc *taken);
void mlu_epoch_abandon(struct mlu_epoch *epoch, struct mlu_call *call);
void mlu_epoch_map(struct mlu_epoch *epoch, struct mlu_mapped *mapped);
void mlu_epoch_unmap(struct mlu_epoch *epoch, u64 start, u64 end);
void mlu_epoch_take(struct mlu_epoch *epoch, u64 start, u64 end, const struct mlu_call *call);

/* The size that decided whether the allocation of a record was sampled. */
static inline u64 mlu_epoch_sampled_size(const struct mlu_alloc *alloc)
{
	return alloc->stack->kind == MLU_KIND_HEAP ? alloc->size : mlu_to_mapped(alloc)->sampled;
}

/**
 * struct mlu_epoch_cursor - a position in a walk over the records of an epoch
 * @heap: the position among heap blocks
 * @ranges: the position among mappings, which come after them
 *
 * Zeroed before the first step.
 */
struct mlu_epoch_cursor {
	struct mlu_allocs_cursor heap;
	struct mlu_ranges_cursor ranges;
};

/* Return: true if there are no more records. */
static inline bool mlu_epoch_cursor_is_done(const struct mlu_epoch_cursor *cursor)
{
	return cursor->ranges.done;
}

/**
 * mlu_epoch_step() - one step of a walk over the records
 * @epoch: the epoch
 * @cursor: the position, advanced by this
 * @fn: called for each record, under a spinlock
 * @ctx: passed to @fn
 * @max: the largest number of records that @fn can take in this step
 *
 * Return: 0, or the number of records that @fn should be able to take: try again.
 */
static inline unsigned int mlu_epoch_step(struct mlu_epoch *epoch, struct mlu_epoch_cursor *cursor,
					  mlu_alloc_fn fn, void *ctx, unsigned int max)
{
	return cursor->heap.done ? mlu_ranges_step(&epoch->ranges, &cursor->ranges, fn, ctx, max) :
				   mlu_allocs_step(&epoch->heap, &cursor->heap, fn, ctx, max);
}

#endif /* MLU_EPOCH_H */
