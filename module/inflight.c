// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls in flight, hashed by thread.
 *
 * Nearly all calls are the only one of their thread. Such a call is embedded in its bucket, which
 * the thread claims with cmpxchg: no lock is taken and no memory is allocated. Nested calls, and
 * those that find the bucket claimed by another thread, are allocated and listed. So the calls of
 * a thread in the list are newer than the embedded one.
 *
 * A call is in the table from its entry probe to its return. A thread that dies in between,
 * or whose return the kernel skipped, leaves calls behind. The thread's next event finds that they
 * are dead by their stack pointer, a new thread at the same address by their start time. The
 * remaining ones are removed with the target.
 *
 * Context: Called from handlers, does not sleep. mlu_inflight_pop_any() is called from the worker,
 * when no handler of the target runs any more.
 * Locking: A bucket's lock protects its list and its last frees, since threads share buckets. A
 * call itself needs no lock, since only its own thread uses it. bucket->owner is current only if
 * current has claimed it, or if a dead thread that had the same task_struct has; in both cases no
 * other thread changes it or uses bucket->own.
 * Ownership: A call belongs to the table from push to pop, then to the caller.
 */
#include <linux/err.h>
#include <linux/hash.h>

#include "inflight.h"
#include "mem.h"
#include "pool.h"

static struct mlu_pool pool;

/**
 * mlu_inflight_pool_init() - set up the pool of calls
 *
 * Return: 0, or -ENOMEM.
 */
int mlu_inflight_pool_init(void)
{
	return mlu_pool_init(&pool, "mlu_call", sizeof(struct mlu_call), MLU_MEM_INFLIGHT);
}

/**
 * mlu_inflight_pool_exit() - free the pool of calls
 *
 * All calls have been freed.
 */
void mlu_inflight_pool_exit(void)
{
	mlu_pool_exit(&pool);
}

/**
 * mlu_inflight_new() - allocate an empty table
 *
 * Context: Process context. May sleep.
 * Return: the table, or NULL without memory.
 */
struct mlu_inflight *mlu_inflight_new(void)
{
	struct mlu_inflight *inflight;
	unsigned int i;

	inflight = mlu_mem_zalloc(MLU_MEM_TABLES, sizeof(*inflight), GFP_KERNEL);
	if (!inflight)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(inflight->bucket); i++)
		spin_lock_init(&inflight->bucket[i].lock);
	return inflight;
}

/**
 * mlu_inflight_free() - free an empty table
 * @inflight: the table; may be NULL
 */
void mlu_inflight_free(struct mlu_inflight *inflight)
{
	mlu_mem_free(MLU_MEM_TABLES, inflight, sizeof(*inflight));
}

/**
 * mlu_call_alloc() - allocate a call that is not embedded in a bucket
 *
 * Context: Handler. Does not sleep.
 * Return: the call, not initialized; ERR_PTR(-ENOSPC) at the memory limit, ERR_PTR(-ENOMEM) without
 * memory.
 */
struct mlu_call *mlu_call_alloc(void)
{
	return mlu_pool_get(&pool);
}

/**
 * mlu_call_release() - free a call of mlu_call_alloc()
 * @call: the call
 *
 * Context: Task context. Does not sleep.
 */
void mlu_call_release(struct mlu_call *call)
{
	mlu_pool_put(&pool, call);
}

/**
 * mlu_inflight_list() - add a call that is not embedded to its bucket
 * @bucket: the bucket
 * @call: the call
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 */
void mlu_inflight_list(struct mlu_inflight_bucket *bucket, struct mlu_call *call)
{
	spin_lock(&bucket->lock);
	hlist_add_head(&call->node, &bucket->calls);
	spin_unlock(&bucket->lock);
}

/**
 * mlu_inflight_unlist() - remove a call that is not embedded from its bucket
 * @bucket: the bucket
 * @call: the call
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 */
void mlu_inflight_unlist(struct mlu_inflight_bucket *bucket, struct mlu_call *call)
{
	spin_lock(&bucket->lock);
	hlist_del(&call->node);
	spin_unlock(&bucket->lock);
}

/**
 * mlu_inflight_listed() - get the newest call of current in a bucket's list
 * @bucket: the bucket
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 * Return: the call, or NULL.
 */
struct mlu_call *mlu_inflight_listed(struct mlu_inflight_bucket *bucket)
{
	struct mlu_call *call;

	spin_lock(&bucket->lock);
	hlist_for_each_entry(call, &bucket->calls, node)
		if (call->task == current)
			goto out;
	call = NULL;
out:
	spin_unlock(&bucket->lock);
	return call;
}

/**
 * mlu_inflight_find_exit() - get the newest call of current that returns at an exit probe
 * @inflight: the table
 * @sp: the address of its return slot
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 * Return: the call, or NULL.
 */
struct mlu_call *mlu_inflight_find_exit(struct mlu_inflight *inflight, unsigned long sp)
{
	struct mlu_inflight_bucket *bucket = mlu_inflight_bucket(inflight, current);
	struct mlu_call *call, *found = NULL;

	spin_lock(&bucket->lock);
	hlist_for_each_entry(call, &bucket->calls, node) {
		if (call->task != current || !mlu_call_is_exiting(call, sp))
			continue;
		found = call;
		break;
	}
	spin_unlock(&bucket->lock);
	call = &bucket->own;
	if (!found && READ_ONCE(bucket->owner) == current && call->task &&
	    mlu_call_is_exiting(call, sp))
		found = call;
	return found;
}

/**
 * mlu_inflight_last_free() - get current's last free if it may be under way
 * @inflight: the table
 * @call: the call that has just been entered
 * @last: set to the free
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 * Return: false if it is not under way, there was none, or other threads' frees have replaced it.
 */
bool mlu_inflight_last_free(struct mlu_inflight *inflight, const struct mlu_call *call,
			    struct mlu_last_free *last)
{
	struct mlu_inflight_bucket *bucket = mlu_inflight_bucket(inflight, current);
	const struct mlu_last_free *found;

	spin_lock(&bucket->lock);
	found = mlu_last_free_find(bucket);
	if (found && !mlu_last_free_may_continue(found, call->sp, call->start))
		found = NULL;
	if (found)
		*last = *found;
	spin_unlock(&bucket->lock);
	return found;
}

/**
 * mlu_inflight_replace_free() - note that current calls free while its last one may be under way
 * @inflight: the table
 * @call: the call of free; not kept
 * @last: set to the last one
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 * Return: false if other threads' frees have replaced the last one meanwhile.
 */
bool mlu_inflight_replace_free(struct mlu_inflight *inflight, const struct mlu_call *call,
			       struct mlu_last_free *last)
{
	struct mlu_inflight_bucket *bucket = mlu_inflight_bucket(inflight, current);
	struct mlu_last_free *noted;

	spin_lock(&bucket->lock);
	noted = mlu_last_free_find(bucket);
	if (noted)
		*last = *noted;
	mlu_last_free_set(bucket, noted, call->sp, call->ret, call->start, call->arg);
	spin_unlock(&bucket->lock);
	return noted;
}

/**
 * mlu_inflight_restore_free() - undo mlu_inflight_replace_free()
 * @inflight: the table
 * @last: what mlu_inflight_replace_free() has set
 *
 * Another thread's free may have replaced it meanwhile: then it stays forgotten.
 *
 * Context: Handler. Does not sleep. Takes and releases the bucket's lock.
 */
void mlu_inflight_restore_free(struct mlu_inflight *inflight, const struct mlu_last_free *last)
{
	struct mlu_inflight_bucket *bucket = mlu_inflight_bucket(inflight, current);
	struct mlu_last_free *found;

	spin_lock(&bucket->lock);
	found = mlu_last_free_find(bucket);
	if (found)
		*found = *last;
	spin_unlock(&bucket->lock);
}

/**
 * mlu_inflight_pop_any() - remove any call
 * @inflight: the table, which no handler uses any more
 *
 * Context: Worker. Takes no lock.
 * Return: the call, which belongs to the caller, or NULL if the table is empty.
 */
struct mlu_call *mlu_inflight_pop_any(struct mlu_inflight *inflight)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(inflight->bucket); i++) {
		struct mlu_inflight_bucket *bucket = &inflight->bucket[i];
		struct mlu_call *call = &bucket->own;

		if (!hlist_empty(&bucket->calls)) {
			call = hlist_entry(bucket->calls.first, struct mlu_call, node);
			hlist_del(&call->node);
			return call;
		}
		if (bucket->owner)
			return call;
	}
	return NULL;
}
