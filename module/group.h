/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups: targets that are made in handlers, because of one attach command. */
#ifndef MLU_GROUP_H
#define MLU_GROUP_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "known_files.h"
#include "target.h"
#include "workqueues.h"

/*
 * Spare targets of a group, for processes that have their first event at the same moment; and how
 * many there are at most, with one for each forked process that has had no event.
 */
#define MLU_SPARE_TARGETS 16
#define MLU_MAX_SPARE_TARGETS 96

/**
 * struct mlu_group - the targets of one attach command with children=1, or of attach all
 * @refs: held by the list of groups, its members, its uses of probes and the descendants; by
 *	@refill_work while it is queued
 * @id: never reused, nor is it the id of a target; this and the following members up to
 *	@prefers_exits are constant while the group is open
 * @options: the keys of the attach command
 * @path: object= of attach all as it was written; NULL: the group follows children
 * @file: the file of attach all, with a reference while the group is open, or NULL
 * @bound_to: the session to which the group is bound, or NULL; compared only
 * @kill_reason: as in struct mlu_target, inherited by members
 * @prefers_exits: as in struct mlu_target, inherited by members
 * @node: in mlu_groups; protected by mlu_targets_lock
 * @template: of attach all: an unpublished target without mm; its uses are those of every process
 * @open: handlers make targets
 * @nr_made: targets that have been made
 * @nr_live: those that are still traced
 * @nr_pending: forked processes that have had no event
 * @nr_untraced: processes that were not traced
 * @nr_lost: events that were lost, as there was no spare target
 * @known: files that members have mapped
 * @lock: protects @spares, @nr_spares and @is_drained; a leaf
 * @spares: targets that are no process's yet
 * @nr_spares: their number
 * @is_drained: the group is being closed: no more spares are added
 * @refill_work: makes spares
 * @free_work: frees the group
 */
struct mlu_group {
	refcount_t refs;
	u32 id;
	struct mlu_options options;
	char *path;
	struct file *file;
	const void *bound_to;
	const char *kill_reason;
	bool prefers_exits;

	struct list_head node;
	struct mlu_target *template;

	bool open;
	atomic_t nr_made;
	atomic_t nr_live;
	atomic_t nr_pending;
	atomic_t nr_untraced;
	atomic64_t nr_lost;
	struct mlu_known_files known;

	spinlock_t lock; /* a leaf */
	struct list_head spares;
	unsigned int nr_spares;
	bool is_drained;
	struct work_struct refill_work;
	struct work_struct free_work;
};

/* The groups, oldest first; protected by mlu_targets_lock. */
extern struct list_head mlu_groups;

struct mlu_group *mlu_group_new(const struct mlu_options *options, const void *bound_to);
void mlu_group_fill(struct mlu_group *group);
void mlu_group_drain(struct mlu_group *group);
void mlu_group_refill(struct mlu_group *group);
struct mlu_target *mlu_group_take_spare(struct mlu_group *group);
void mlu_group_put_spare(struct mlu_group *group, struct mlu_target *target);

static inline struct mlu_group *mlu_group_get(struct mlu_group *group)
{
	refcount_inc(&group->refs);
	return group;
}

/**
 * mlu_group_put() - drop a reference on a group
 * @group: the group; may be NULL
 *
 * Context: Any. Does not sleep: a work frees the group.
 */
static inline void mlu_group_put(struct mlu_group *group)
{
	if (group && refcount_dec_and_test(&group->refs))
		queue_work(mlu_compute_wq, &group->free_work);
}

/* Return: true if every process that maps a file becomes a member, false if children do. */
static inline bool mlu_group_is_all(const struct mlu_group *group)
{
	return group->path;
}

#endif /* MLU_GROUP_H */
