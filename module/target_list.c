// SPDX-License-Identifier: GPL-2.0-only
/*
 * The listed targets: added, ended and forgotten.
 *
 * Context: The worker; may sleep.
 * Locks: mlu_targets_lock protects the list against writers of commands and readers. Only the
 * worker changes the list, so a target that it has found there stays there, with the list's
 * reference, when it releases the lock. It never holds the lock while it removes probes.
 */
#include <linux/mm.h>

#include "attach.h"
#include "group.h"
#include "target_list.h"

/* Targets that are ended together: all share one wait for handlers. */
#define END_BATCH 64

static const struct mlu_list_ops *ops;
static unsigned int max_ended;

/**
 * mlu_list_init() - set what is called when targets are added and removed, and a limit
 * @list_ops: the functions
 * @ended_targets: number of ended targets to keep
 *
 * Context: Init.
 */
void mlu_list_init(const struct mlu_list_ops *list_ops, unsigned int ended_targets)
{
	ops = list_ops;
	max_ended = ended_targets;
}

/**
 * mlu_list_target() - add a target that is traced from now on
 * @target: the target, whose first reference belongs to the list from then on
 */
void mlu_list_target(struct mlu_target *target)
{
	/* Its files are there when control shows it. */
	ops->target_added(target);
	mutex_lock(&mlu_targets_lock);
	target->state = MLU_TRACING;
	list_add_tail(&target->node, &mlu_targets);
	mutex_unlock(&mlu_targets_lock);
}

/**
 * mlu_forget_target() - remove an ended target and drop the list's reference
 * @target: the target; without effect if it was removed before
 */
void mlu_forget_target(struct mlu_target *target)
{
	bool listed;

	mutex_lock(&mlu_targets_lock);
	listed = !list_empty(&target->node);
	list_del_init(&target->node);
	mutex_unlock(&mlu_targets_lock);
	if (!listed)
		return;
	ops->target_removed(target);
	mlu_target_drop_records(target);
	mlu_target_put(target);
}

/**
 * mlu_forget_excess_targets() - forget the oldest ended targets while there are too many
 */
void mlu_forget_excess_targets(void)
{
	struct mlu_target *target, *oldest;
	unsigned int nr;

	do {
		nr = 0;
		oldest = NULL;
		mutex_lock(&mlu_targets_lock);
		list_for_each_entry(target, &mlu_targets, node) {
			if (mlu_target_is_live(target))
				continue;
			if (!oldest || target->ended_ns < oldest->ended_ns)
				oldest = target;
			nr++;
		}
		mutex_unlock(&mlu_targets_lock);
		/* Only the worker removes targets, so the list still has its reference. */
		if (nr > max_ended)
			mlu_forget_target(oldest);
	} while (nr > max_ended);
}

/**
 * mlu_target_is_ended() - has a target been detached, or has its process ended?
 * @target: the target
 *
 * Return: true if it has: only its records are left.
 */
bool mlu_target_is_ended(const struct mlu_target *target)
{
	bool is_live;

	mutex_lock(&mlu_targets_lock);
	is_live = mlu_target_is_live(target);
	mutex_unlock(&mlu_targets_lock);
	return !is_live;
}

/**
 * mlu_end_targets() - detach the live ones among some targets, all at once
 * @targets: the targets; the array is reordered
 * @nr: number of @targets
 */
void mlu_end_targets(struct mlu_target **targets, unsigned int nr)
{
	unsigned int i, nr_live = 0;
	enum mlu_state state;

	for (i = 0; i < nr; i++) {
		if (mlu_target_is_ended(targets[i]))
			continue;
		swap(targets[nr_live], targets[i]);
		nr_live++;
	}
	if (!nr_live)
		return;
	mlu_detach(targets, nr_live);
	for (i = 0; i < nr_live; i++) {
		state = READ_ONCE(targets[i]->end_state);
		mutex_lock(&mlu_targets_lock);
		targets[i]->state = state ? state : MLU_DETACHED;
		WRITE_ONCE(targets[i]->ended_ns, mlu_now_ns());
		mutex_unlock(&mlu_targets_lock);
		mlu_target_unreserve();
		if (targets[i]->group)
			atomic_dec(&targets[i]->group->nr_live);
	}
}

static bool is_bound_to(const struct mlu_target *target, const struct mlu_session *session)
{
	return !session || target->bound_to == session;
}

/**
 * mlu_end_bound_targets() - end targets, many at once
 * @session: the session that they are bound to; NULL: all targets
 */
void mlu_end_bound_targets(const struct mlu_session *session)
{
	static struct mlu_target *batch[END_BATCH]; /* the worker's */
	struct mlu_target *target;
	unsigned int nr;

	do {
		nr = 0;
		mutex_lock(&mlu_targets_lock);
		/* Only the worker removes targets, so the list keeps its references until then. */
		list_for_each_entry(target, &mlu_targets, node)
			if (nr < END_BATCH && is_bound_to(target, session) &&
			    mlu_target_is_live(target))
				batch[nr++] = target;
		mutex_unlock(&mlu_targets_lock);
		mlu_end_targets(batch, nr);
	} while (nr);
}

/**
 * mlu_forget_bound_targets() - forget targets that have ended
 * @session: the session that they are bound to; NULL: all targets
 */
void mlu_forget_bound_targets(const struct mlu_session *session)
{
	struct mlu_target *target;

again:
	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node) {
		if (!is_bound_to(target, session))
			continue;
		mutex_unlock(&mlu_targets_lock);
		mlu_forget_target(target);
		goto again;
	}
	mutex_unlock(&mlu_targets_lock);
}
