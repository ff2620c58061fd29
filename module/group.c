// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: targets that are made in handlers, because of one attach command.
 *
 * A handler that meets a process for the first time cannot allocate a target: that needs large
 * tables and may sleep. So each group keeps some spare targets, which a work makes. adopt.c turns a
 * spare into the target of a process.
 *
 * Context: new and fill are called from the worker, take_spare and put_spare from handlers.
 * Locks: group->lock protects the spares, a leaf. mlu_targets_lock protects the list of groups.
 * Ownership: a spare belongs to its group until a handler has taken it. A spare holds no reference
 * on its group, so that a group ends when its members have ended.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "group.h"

LIST_HEAD(mlu_groups);

static void free_group_work(struct work_struct *work)
{
	struct mlu_group *group = container_of(work, struct mlu_group, free_work);

	mlu_group_drain(group);
	mlu_known_files_exit(&group->known);
	kfree(group->path);
	kvfree(group);
}

static void free_spare(struct mlu_target *target)
{
	mlu_maps_close(&target->maps);
	mlu_target_put(target);
}

static unsigned int spares_wanted(const struct mlu_group *group)
{
	return min(MLU_SPARE_TARGETS + atomic_read(&group->nr_pending), MLU_MAX_SPARE_TARGETS);
}

/* Return: false if there are enough spares, or none is needed any more: @target is not added. */
static bool add_spare(struct mlu_group *group, struct mlu_target *target)
{
	bool is_added;

	spin_lock(&group->lock);
	is_added = !group->is_drained && group->nr_spares < spares_wanted(group);
	if (is_added) {
		list_add(&target->node, &group->spares);
		group->nr_spares++;
	}
	spin_unlock(&group->lock);
	return is_added;
}

/**
 * mlu_group_fill() - make spare targets until there are enough
 * @group: the group; without effect if it is closed
 *
 * Without memory there are fewer, and the next event tries again.
 *
 * Context: Process context. May sleep.
 */
void mlu_group_fill(struct mlu_group *group)
{
	struct mlu_target *target;

	while (!READ_ONCE(group->is_drained) &&
	       READ_ONCE(group->nr_spares) < spares_wanted(group)) {
		target = mlu_target_new_spare(&group->options);
		if (!target)
			return;
		target->maps.known = &group->known;
		if (!add_spare(group, target)) {
			free_spare(target);
			return;
		}
	}
}

static void refill_group_work(struct work_struct *work)
{
	struct mlu_group *group = container_of(work, struct mlu_group, refill_work);

	mlu_group_fill(group);
	mlu_group_put(group);
}

/**
 * mlu_group_new() - allocate a group, which is not open yet
 * @options: the keys of the attach command
 * @bound_to: the session that it is bound to, or NULL
 *
 * Context: Worker. May sleep.
 * Return: the group with one reference, or NULL without memory.
 */
struct mlu_group *mlu_group_new(const struct mlu_options *options, const void *bound_to)
{
	struct mlu_group *group = kvzalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	refcount_set(&group->refs, 1);
	INIT_LIST_HEAD(&group->node);
	INIT_LIST_HEAD(&group->spares);
	spin_lock_init(&group->lock);
	INIT_WORK(&group->refill_work, refill_group_work);
	INIT_WORK(&group->free_work, free_group_work);
	group->id = mlu_target_new_id();
	group->options = *options;
	group->bound_to = bound_to;
	group->known.needs_uses = options->children;
	return group;
}

/**
 * mlu_group_drain() - free the spares of a group that is being closed
 * @group: the group; gets no more spares
 *
 * Context: Process context. May sleep.
 */
void mlu_group_drain(struct mlu_group *group)
{
	struct mlu_target *target;
	LIST_HEAD(spares);

	spin_lock(&group->lock);
	WRITE_ONCE(group->is_drained, true);
	list_splice_init(&group->spares, &spares);
	group->nr_spares = 0;
	spin_unlock(&group->lock);
	while ((target = list_first_entry_or_null(&spares, struct mlu_target, node))) {
		list_del_init(&target->node);
		free_spare(target);
	}
}

/**
 * mlu_group_refill() - have as many spares made as are wanted
 * @group: the group
 *
 * Context: Any. Does not sleep.
 */
void mlu_group_refill(struct mlu_group *group)
{
	mlu_group_get(group);
	if (!queue_work(mlu_compute_wq, &group->refill_work))
		mlu_group_put(group);
}

/**
 * mlu_group_take_spare() - take a spare target, and have another one made
 * @group: the group
 *
 * Context: Handler. Does not sleep. Takes and releases group->lock.
 * Return: the target, with its reference, or NULL if the group has no spare at the moment.
 */
struct mlu_target *mlu_group_take_spare(struct mlu_group *group)
{
	struct mlu_target *target;

	spin_lock(&group->lock);
	target = list_first_entry_or_null(&group->spares, struct mlu_target, node);
	if (target) {
		list_del_init(&target->node);
		WRITE_ONCE(group->nr_spares, group->nr_spares - 1);
	}
	spin_unlock(&group->lock);
	mlu_group_refill(group);
	return target;
}

/**
 * mlu_group_put_spare() - give back a spare target that was not used
 * @group: the group
 * @target: the target, unchanged
 *
 * Context: Handler. Does not sleep. Takes and releases group->lock.
 */
void mlu_group_put_spare(struct mlu_group *group, struct mlu_target *target)
{
	spin_lock(&group->lock);
	list_add(&target->node, &group->spares);
	WRITE_ONCE(group->nr_spares, group->nr_spares + 1);
	spin_unlock(&group->lock);
}
