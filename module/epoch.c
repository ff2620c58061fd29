// SPDX-License-Identifier: GPL-2.0-only
/*
 * An epoch: the records, stacks and counters that belong together.
 *
 * clear gives a target a new one, so that all that was recorded goes at one moment, and a call that
 * began before and ends after belongs to the new one.
 *
 * Entered from handlers (record, forget, restore; within rcu_read_lock(), do not sleep), from the
 * worker and from readers (put).  Freeing millions of records takes long: a work of its own does
 * it, so that neither the worker nor a reader's close() waits.
 */
#include "epoch.h"
#include "lib/prototypes.h"
#include "inflight.h"
#include "mem.h"
#include "workqueues.h"

#define HEAP_STRIPE_BITS 8
#define MMAP_STRIPE_BITS 4

static atomic64_t last_id;

static void epoch_free(struct mlu_epoch *epoch)
{
	mlu_allocs_exit(&epoch->heap);
	mlu_allocs_exit(&epoch->mmaps);
	mlu_stacks_exit(&epoch->stacks);
	free_percpu(epoch->counters);
	mlu_mem_free(MLU_MEM_TABLES, epoch, sizeof(*epoch));
}

static void free_work(struct work_struct *work)
{
	epoch_free(container_of(work, struct mlu_epoch, free_work));
}

/** mlu_epoch_new() - an empty epoch with one reference, or NULL. Context: may sleep. */
struct mlu_epoch *mlu_epoch_new(void)
{
	struct mlu_epoch *epoch = mlu_mem_zalloc(MLU_MEM_TABLES, sizeof(*epoch), GFP_KERNEL);

	if (!epoch)
		return NULL;
	refcount_set(&epoch->refs, 1);
	INIT_WORK(&epoch->free_work, free_work);
	mlu_ranges_init(&epoch->ranges);
	epoch->id = atomic64_inc_return(&last_id);
	if (mlu_stacks_init(&epoch->stacks)) {
		mlu_mem_free(MLU_MEM_TABLES, epoch, sizeof(*epoch));
		return NULL;
	}
	epoch->counters = alloc_percpu(struct mlu_counters);
	if (!epoch->counters || mlu_allocs_init(&epoch->heap, HEAP_STRIPE_BITS) ||
	    mlu_allocs_init(&epoch->mmaps, MMAP_STRIPE_BITS)) {
		epoch_free(epoch);
		return NULL;
	}
	return epoch;
}

/** mlu_epoch_put() - the last one has it freed, soon. Context: any. */
void mlu_epoch_put(struct mlu_epoch *epoch)
{
	if (epoch && refcount_dec_and_test(&epoch->refs))
		queue_work(mlu_compute_wq, &epoch->free_work);
}

/** mlu_epoch_record() - insert a record and charge its stack */
void mlu_epoch_record(struct mlu_epoch *epoch, struct mlu_allocs *table, struct mlu_alloc *alloc)
{
	struct mlu_alloc *old;

	atomic64_inc(&alloc->stack->made);
	if (alloc->mapped)
		mlu_ranges_add(&epoch->ranges, alloc);
	old = mlu_allocs_insert(table, alloc);
	mlu_count(epoch->counters, allocated);
	if (!old)
		return;
	mlu_count(epoch->counters, replaced);
	mlu_epoch_forget(epoch, old);
}

/** mlu_epoch_forget() - the block is freed: uncharge its stack, free the record */
void mlu_epoch_forget(struct mlu_epoch *epoch, struct mlu_alloc *alloc)
{
	atomic64_inc(&alloc->stack->freed);
	mlu_count(epoch->counters, freed);
	if (alloc->mapped)
		mlu_ranges_remove(&epoch->ranges, alloc);
	mlu_alloc_free(alloc);
}

/** mlu_epoch_restore() - a call has left the block alone whose record it took */
void mlu_epoch_restore(struct mlu_epoch *epoch, struct mlu_allocs *table, struct mlu_alloc *taken)
{
	struct mlu_alloc *loser = mlu_allocs_restore(table, taken);

	if (!loser)
		return;
	mlu_count(epoch->counters, replaced);
	mlu_epoch_forget(epoch, loser);
}

/*
 * mlu_epoch_abandon() - the return of a call will not be seen: what it has taken goes back
 * @call: in flight no more; it is freed
 *
 * What was lost is counted already, a nested call gives no block in any case.
 */
void mlu_epoch_abandon(struct mlu_epoch *epoch, struct mlu_call *call)
{
	if (call->nested)
		mlu_count(epoch->counters, nested);
	else if (!call->lost)
		mlu_count(epoch->counters, uncertain);
	if (call->taken && call->epoch == epoch->id)
		mlu_epoch_restore(epoch,
				  mlu_epoch_table(epoch, mlu_prototype_is_mapping(call->proto)),
				  call->taken);
	mlu_call_free(call);
}
