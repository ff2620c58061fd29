// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live targets: the hash by mm in which handlers find them, and the limit of their number.
 *
 * Contexts: handlers and the filter look up targets by mm, under RCU, and handlers publish those
 * that they have made. The mmu notifier (target_watch.c) unpublishes a target. All else is called
 * from the worker.
 *
 * Locks: hash_lock (spinlock), a leaf, protects changes of the hash.
 */
#include <linux/rculist.h>

#include "target.h"

static DEFINE_SPINLOCK(hash_lock);
struct hlist_head mlu_targets_by_mm[1 << MLU_TARGET_BITS];
static atomic_t nr_live; /* published ones, and those that are being attached */
static int max_live;

/**
 * mlu_target_limit() - set the largest number of live targets
 * @max: the number
 *
 * Context: Init.
 */
void mlu_target_limit(unsigned int max)
{
	max_live = max;
}

/**
 * mlu_target_reserve() - reserve the place of one more live target
 *
 * Context: Any. Does not sleep.
 * Return: false if there are as many as are allowed.
 */
bool mlu_target_reserve(void)
{
	if (atomic_inc_return(&nr_live) <= max_live)
		return true;
	atomic_dec(&nr_live);
	return false;
}

/**
 * mlu_target_unreserve() - undo mlu_target_reserve(): a target has ended
 *
 * Context: Any. Does not sleep.
 */
void mlu_target_unreserve(void)
{
	atomic_dec(&nr_live);
}

/**
 * mlu_target_publish() - let handlers and the filter find a target by its mm, unless that has one
 * @target: the target
 *
 * Several threads of a process may make a target for it at once, and so may the worker.
 *
 * Context: Any. Does not sleep. Takes and releases hash_lock.
 * Return: @target, or the published target of its mm.
 */
struct mlu_target *mlu_target_publish(struct mlu_target *target)
{
	struct mlu_target *first;

	spin_lock(&hash_lock);
	rcu_read_lock();
	first = mlu_target_of_mm(target->mm);
	rcu_read_unlock();
	if (!first) {
		first = target;
		hlist_add_head_rcu(&target->hash_node,
				   &mlu_targets_by_mm[hash_ptr(target->mm, MLU_TARGET_BITS)]);
	}
	spin_unlock(&hash_lock);
	return first;
}

/**
 * mlu_target_unpublish() - hide a target from handlers and the filter
 * @target: the target; may be unpublished already
 *
 * Handlers that have found the target before may run until synchronize_rcu().
 *
 * Context: Process context. Does not sleep. Takes and releases hash_lock.
 */
void mlu_target_unpublish(struct mlu_target *target)
{
	spin_lock(&hash_lock);
	hlist_del_init_rcu(&target->hash_node);
	spin_unlock(&hash_lock);
}
