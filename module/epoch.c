// SPDX-License-Identifier: GPL-2.0-only
/*
 * An epoch: the records, stacks and counters that belong together.
 *
 * The command clear gives a target a new epoch, so that all records disappear at once. A call that
 * started before and ends after it belongs to the new epoch.
 *
 * Context: Record, forget, restore, abandon and map are called from handlers, unmap and take also
 * from the mmu notifier, within rcu_read_lock(), and do not sleep; put is called from the worker,
 * readers and works. Freeing millions of records takes long: a separate work does it, so that
 * neither the worker nor a reader's close() waits.
 * Locking: None of its own; those of the tables.
 */
#include <linux/mm.h>
#include <linux/overflow.h>

#include "epoch.h"
#include "lib/prototypes.h"
#include "inflight.h"
#include "mem.h"
#include "workqueues.h"

#define STRIPE_BITS 8

static atomic64_t last_id;

static void epoch_free_work(struct work_struct *work)
{
	struct mlu_epoch *epoch = container_of(work, struct mlu_epoch, free_work);

	mlu_allocs_exit(&epoch->heap);
	mlu_ranges_exit(&epoch->ranges);
	mlu_stacks_exit(&epoch->stacks);
	free_percpu(epoch->counters);
	mlu_mark_put(epoch->mark);
	mlu_mem_free(MLU_MEM_TABLES, epoch, sizeof(*epoch));
}

static void refill_work(struct work_struct *work)
{
	struct mlu_epoch *epoch = container_of(work, struct mlu_epoch, refill_work);

	mlu_ranges_refill(&epoch->ranges);
	mlu_epoch_put(epoch);
}

/**
 * mlu_epoch_new() - allocate an empty epoch
 *
 * Context: Process context. May sleep.
 * Return: the epoch with one reference, or NULL without memory.
 */
struct mlu_epoch *mlu_epoch_new(void)
{
	struct mlu_epoch *epoch = mlu_mem_zalloc(MLU_MEM_TABLES, sizeof(*epoch), GFP_KERNEL);

	if (!epoch)
		return NULL;
	refcount_set(&epoch->refs, 1);
	INIT_WORK(&epoch->free_work, epoch_free_work);
	INIT_WORK(&epoch->refill_work, refill_work);
	epoch->id = atomic64_inc_return(&last_id);
	if (mlu_stacks_init(&epoch->stacks)) {
		mlu_mem_free(MLU_MEM_TABLES, epoch, sizeof(*epoch));
		return NULL;
	}
	epoch->counters = alloc_percpu(struct mlu_counters);
	mlu_ranges_init(&epoch->ranges, &epoch->stacks, epoch->counters);
	if (!epoch->counters || mlu_allocs_init(&epoch->heap, STRIPE_BITS)) {
		epoch_free_work(&epoch->free_work);
		return NULL;
	}
	return epoch;
}

/**
 * mlu_epoch_put() - drop a reference on an epoch
 * @epoch: the epoch; may be NULL
 *
 * Context: Any. Does not sleep: a work frees the epoch.
 */
void mlu_epoch_put(struct mlu_epoch *epoch)
{
	if (epoch && refcount_dec_and_test(&epoch->refs))
		queue_work(mlu_compute_wq, &epoch->free_work);
}

/**
 * mlu_mark_new() - allocate a mark
 * @nr_ids: the number of stacks
 *
 * Context: Process context. May sleep.
 * Return: the mark with one reference, zeroed, or NULL without memory.
 */
struct mlu_mark *mlu_mark_new(u32 nr_ids)
{
	struct mlu_mark *mark;

	mark = mlu_mem_zalloc(MLU_MEM_TABLES, struct_size(mark, stack, nr_ids), GFP_KERNEL);
	if (!mark)
		return NULL;
	refcount_set(&mark->refs, 1);
	mark->nr_ids = nr_ids;
	return mark;
}

/**
 * mlu_mark_put() - drop a reference on a mark
 * @mark: the mark; may be NULL
 *
 * Context: Process context.
 */
void mlu_mark_put(struct mlu_mark *mark)
{
	if (mark && refcount_dec_and_test(&mark->refs))
		mlu_mem_free(MLU_MEM_TABLES, mark, struct_size(mark, stack, mark->nr_ids));
}

/**
 * mlu_epoch_restore() - put back the record that a call has taken and not freed
 * @epoch: the target's epoch
 * @taken: the record; freed if there is a newer one of the same address
 *
 * Context: Handler, within rcu_read_lock(), or worker. Does not sleep.
 */
void mlu_epoch_restore(struct mlu_epoch *epoch, struct mlu_alloc *taken)
{
	struct mlu_alloc *loser = mlu_allocs_restore(&epoch->heap, taken);

	if (!loser)
		return;
	mlu_count(epoch->counters, replaced);
	mlu_epoch_forget(epoch, loser);
}

/**
 * mlu_epoch_abandon() - free a call whose return will not be seen
 * @epoch: the target's epoch
 * @call: the call, which is not in flight any more
 *
 * The record that it has taken is put back; those of mappings are dropped, since their new place is
 * not known. The call is counted, unless it has been counted as lost already. A nested call never allocates a block for the program, nor does one that an exception
 * has left.
 *
 * Context: Handler, within rcu_read_lock(), or worker. Does not sleep.
 */
void mlu_epoch_abandon(struct mlu_epoch *epoch, struct mlu_call *call)
{
	if (call->nested)
		mlu_count(epoch->counters, nested);
	else if (call->proto->throws)
		mlu_count(epoch->counters, failed);
	else if (!call->lost)
		mlu_count(epoch->counters, uncertain);
	if (call->taken && call->epoch == epoch->id)
		mlu_epoch_restore(epoch, call->taken);
	if (call->proto->type == MLU_CALL_MREMAP)
		mlu_ranges_drop(&epoch->ranges, call->arg, call->arg + PAGE_ALIGN(call->old_size),
				call);
	mlu_call_free(call);
}

/* The epoch is current, so that it has a reference, but may be replaced meanwhile. */
static void refill_if_needed(struct mlu_epoch *epoch)
{
	if (!mlu_ranges_want_refill(&epoch->ranges) || work_pending(&epoch->refill_work) ||
	    !refcount_inc_not_zero(&epoch->refs))
		return;
	if (!queue_work(mlu_compute_wq, &epoch->refill_work))
		mlu_epoch_put(epoch);
}

/**
 * mlu_epoch_map() - insert the record of a mapping and charge its stack
 * @epoch: the target's epoch
 * @mapped: the record, which belongs to the epoch from now on
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 */
void mlu_epoch_map(struct mlu_epoch *epoch, struct mlu_mapped *mapped)
{
	mlu_ranges_prepare(&epoch->ranges);
	mlu_ranges_insert(&epoch->ranges, mapped);
	refill_if_needed(epoch);
}

/**
 * mlu_epoch_unmap() - remove what records have of addresses that are no longer mapped
 * @epoch: the target's epoch
 * @start: the first address
 * @end: the address behind the last one
 *
 * Context: Handler or mmu notifier, within rcu_read_lock(). Neither sleeps nor allocates.
 */
void mlu_epoch_unmap(struct mlu_epoch *epoch, u64 start, u64 end)
{
	if (mlu_ranges_is_empty(&epoch->ranges))
		return;
	mlu_ranges_cut(&epoch->ranges, start, end);
	refill_if_needed(epoch);
}

/**
 * mlu_epoch_take() - take the records of addresses that mremap moves
 * @epoch: the target's epoch
 * @start: the first address
 * @end: the address behind the last one
 * @call: the call of mremap
 *
 * Context: mmu notifier, within rcu_read_lock(). Neither sleeps nor allocates.
 */
void mlu_epoch_take(struct mlu_epoch *epoch, u64 start, u64 end, const struct mlu_call *call)
{
	if (mlu_ranges_is_empty(&epoch->ranges))
		return;
	mlu_ranges_take(&epoch->ranges, start, end, call);
	refill_if_needed(epoch);
}
