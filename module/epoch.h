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
 * @mmaps: records of mappings
 * @ranges: the records in @mmaps, by all their addresses
 * @stacks: the stacks of both
 * @counters: the events' outcomes
 * @mark: the last mark, or NULL; protected by mlu_targets_lock
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
	struct mlu_allocs mmaps;
	struct mlu_ranges ranges;
	struct mlu_stacks stacks;
	struct mlu_counters __percpu *counters;
	struct mlu_mark *mark;
	struct work_struct free_work;
};

struct mlu_call;

struct mlu_epoch *mlu_epoch_new(void);
void mlu_epoch_put(struct mlu_epoch *epoch);
struct mlu_mark *mlu_mark_new(u32 nr_ids);
void mlu_mark_put(struct mlu_mark *mark);

/* The table for mappings, or for heap blocks. */
static inline struct mlu_allocs *mlu_epoch_table(struct mlu_epoch *epoch, bool mmaps)
{
	return mmaps ? &epoch->mmaps : &epoch->heap;
}

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
	if (alloc->mapped)
		mlu_ranges_remove(&epoch->ranges, alloc);
	mlu_alloc_free(alloc);
}

/**
 * mlu_epoch_record() - insert a record and charge its stack
 * @epoch: the target's epoch
 * @table: the table for it
 * @alloc: the record, which belongs to the table from now on
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
static inline void mlu_epoch_record(struct mlu_epoch *epoch, struct mlu_allocs *table,
				    struct mlu_alloc *alloc)
{
	struct mlu_alloc *old;

	/* Before the record can be seen: no reader finds more records than allocations. */
	mlu_stacks_count(&epoch->stacks, alloc->stack);
	if (alloc->mapped)
		mlu_ranges_add(&epoch->ranges, alloc);
	old = mlu_allocs_insert(table, alloc);
	mlu_count(epoch->counters, allocated);
	if (!old)
		return;
	mlu_count(epoch->counters, replaced);
	mlu_epoch_forget(epoch, old);
}

void mlu_epoch_restore(struct mlu_epoch *epoch, struct mlu_allocs *table, struct mlu_alloc *taken);
void mlu_epoch_abandon(struct mlu_epoch *epoch, struct mlu_call *call);

#endif /* MLU_EPOCH_H */
