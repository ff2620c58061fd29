// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of targets: opened and closed, and their members completed.
 *
 * A group that follows children is opened with its first target and closed when no member is live
 * and no descendant is left that may become one. A group of every process that maps a file has a
 * template: a target that is no process's, with the file as its only mapping. The uses of its
 * probes are those of every process. It is closed by "detach all", or with its session.
 *
 * A closed group stays in the list as long as one of its members does, so that control shows what
 * it has not traced.
 *
 * Context: The worker; may sleep. Waits for mmap_locks and for the uprobe core, and holds no lock
 * of the module meanwhile.
 *
 * Closing, as a proof: no handler that looks at the group after synchronize_rcu() finds it open, so
 * no more targets are made. Those that have been made are in the list of born ones; the caller
 * completes them before it ends the members. Then the descendants are forgotten, which hold
 * references on the group.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "attach.h"
#include "descendants.h"
#include "follow.h"
#include "late.h"
#include "maps_internal.h"
#include "process.h"
#include "sites.h"

/* === Closing one group === */

/* Make no more targets. Those that have been made are left to the caller. */
static void close_group(struct mlu_group *group)
{
	struct mlu_target *template = group->template;
	bool was_open = group->open;

	WRITE_ONCE(group->open, false);
	synchronize_rcu();
	mlu_group_drain(group);
	mlu_descendants_forget(group);
	if (was_open && !mlu_group_is_all(group))
		mlu_descendants_unfollow();
	/* Readers of control access the template under the lock only. */
	mutex_lock(&mlu_targets_lock);
	group->template = NULL;
	mutex_unlock(&mlu_targets_lock);
	if (template) {
		mlu_detach(&template, 1);
		mlu_target_put(template);
	}
	if (group->file)
		fput(group->file);
	group->file = NULL;
}

/* === Opening === */

/**
 * mlu_follow_prepare() - allocate the group of an attach with children=1
 * @request: the request; gets the group, which is not open yet
 *
 * Context: Worker. May sleep.
 * Return: 0 or a negative errno.
 */
int mlu_follow_prepare(struct mlu_request *request)
{
	struct mlu_group *group;
	int err;

	group = mlu_group_new(&request->options, request->options.bound ? request->session : NULL);
	if (!group)
		return -ENOMEM;
	err = mlu_descendants_follow();
	if (err) {
		mlu_group_put(group);
		return mlu_refuse(request, err, "forks cannot be followed on this kernel");
	}
	request->group = group;
	return 0;
}

/**
 * mlu_follow_cancel() - undo mlu_follow_prepare()
 * @group: the group
 *
 * Context: Worker. May sleep.
 */
void mlu_follow_cancel(struct mlu_group *group)
{
	mlu_descendants_unfollow();
	mlu_group_put(group);
}

static void list_group(struct mlu_group *group)
{
	mutex_lock(&mlu_targets_lock);
	list_add_tail(&mlu_group_get(group)->node, &mlu_groups);
	mutex_unlock(&mlu_targets_lock);
}

/**
 * mlu_follow_open() - open the group of an attach with children=1
 * @group: the group; takes over the reference of the request
 * @target: its first target, whose gate is still closed
 *
 * Context: Worker. May sleep.
 */
void mlu_follow_open(struct mlu_group *group, struct mlu_target *target)
{
	const struct mlu_mapping *mapping;

	group->kill_reason = target->kill_reason;
	group->prefers_exits = target->prefers_exits;
	list_for_each_entry(mapping, &target->maps.all, node)
		mlu_known_files_add(&group->known, mapping);
	atomic_inc(&group->nr_made);
	atomic_inc(&group->nr_live);
	/* The first event of a process needs a spare target. */
	mlu_group_fill(group);
	list_group(group);
	mlu_group_put(group);
	/* Pairs with handlers, which find a group that is set up. */
	smp_store_release(&group->open, true);
}

/* The template of a group: its only mapping is that of the whole file. */
static struct mlu_target *new_template(struct mlu_group *group)
{
	struct mlu_target *template = mlu_target_new_spare(&group->options);
	struct mlu_mapping *mapping;
	const char *name;
	size_t len;

	if (!template)
		return NULL;
	template->group = mlu_group_get(group);
	mapping = mlu_mapping_new_whole(group->file);
	if (mapping)
		mlu_maps_append(&template->maps, mapping);
	if (!mapping || mlu_maps_publish_all(&template->maps)) {
		mlu_detach(&template, 1);
		mlu_target_put(template);
		return NULL;
	}
	mlu_maps_name_all(&template->maps, NULL);
	/* The path may be that of a symbolic link. Mappings have the name of the file. */
	name = mlu_mapping_name(mapping, &len);
	snprintf(group->options.object, sizeof(group->options.object), "%.*s", (int)len, name);
	strscpy(template->options.object, group->options.object, sizeof(template->options.object));
	return template;
}

static bool is_followed(const struct inode *inode)
{
	const struct mlu_group *group;
	bool found = false;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(group, &mlu_groups, node)
		found |= group->open && group->file && file_inode(group->file) == inode;
	mutex_unlock(&mlu_targets_lock);
	return found;
}

static int find_and_insert(struct mlu_request *request, struct mlu_group *group,
			   struct mlu_sites *sites)
{
	struct mlu_target *template = group->template;
	const struct mlu_mapping *mapping;
	int err = mlu_sites_find(request, template, sites, jiffies + MLU_READ_TIMEOUT);

	if (err)
		return err;
	group->prefers_exits = template->prefers_exits;
	list_for_each_entry(mapping, &template->maps.all, node)
		mlu_known_files_add(&group->known, mapping);
	mlu_group_fill(group);
	list_group(group);
	/* A process that hits the first probe becomes a target, so the group is open before. */
	smp_store_release(&group->open, true);
	err = mlu_attach_sites(request, template, sites);
	mlu_maps_end_attach(&template->maps);
	if (err)
		close_group(group);
	return err;
}

/**
 * mlu_follow_all() - make each process that maps a file a target at its first event
 * @request: the request; gets the reason of a refusal
 *
 * Context: Worker. May sleep.
 * Return: 0, -EBUSY if this file is followed already, or an error as of an attach.
 */
int mlu_follow_all(struct mlu_request *request)
{
	struct mlu_sites *sites;
	struct mlu_group *group;
	int err = -ENOMEM;

	if (is_followed(file_inode(request->file)))
		return mlu_refuse(request, -EBUSY, "every process that maps %s is traced already",
				  request->path);
	sites = mlu_sites_new(NULL);
	group = mlu_group_new(&request->options, request->options.bound ? request->session : NULL);
	if (!sites || !group)
		goto out;
	group->path = request->path;
	request->path = NULL;
	group->file = get_file(request->file);
	group->template = new_template(group);
	if (group->template)
		err = find_and_insert(request, group, sites);
	/* Has no effect on what is closed already. */
	if (err)
		close_group(group);
out:
	mlu_group_put(group);
	mlu_sites_free(sites);
	return err;
}

/* === Completing === */

/* The target will be ended. Without an entry, the next event of its process would make another. */
static void refuse_member(const struct mlu_target *target)
{
	if (mlu_group_is_all(target->group))
		mlu_descendants_add(target->mm, target->pid, target->group, true);
	atomic_inc(&target->group->nr_untraced);
}

/**
 * mlu_follow_complete() - give a target that a handler has made its notifier and its probes
 * @target: the target, listed
 * @end_work: the work to queue when the process ends
 * @wq: the workqueue for @end_work
 *
 * Context: Worker. May sleep.
 * Return: 0; -ESRCH if the process has ended, which is noted in the target; or -ENOMEM.
 */
int mlu_follow_complete(struct mlu_target *target, work_func_t end_work,
			struct workqueue_struct *wq)
{
	struct mm_struct *mm = target->mm;
	struct mlu_mapping *mapping;
	int err;

	if (!mmget_not_zero(mm)) {
		mlu_target_set_gate(target, false);
		mlu_target_unpublish(target);
		WRITE_ONCE(target->end_state,
			   mlu_process_has_execed(target->pid, mm) ? MLU_EXEC : MLU_EXITED);
		return -ESRCH;
	}
	err = mlu_attach_new(target, mm, end_work, wq);
	/* If the process has ended meanwhile, the notifier says so here. */
	mmput(mm);
	if (err) {
		refuse_member(target);
		return err;
	}
	/* A file that has to be read is examined at a later poll. */
	mlu_late_poll(target);
	mlu_maps_for_each(mapping, &target->maps)
		mlu_known_files_add(&target->group->known, mapping);
	return 0;
}

/* === Closing === */

static struct mlu_group *next_open(const struct mlu_session *session)
{
	struct mlu_group *group;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(group, &mlu_groups, node)
		if (group->open && (!session || group->bound_to == session))
			goto out;
	group = NULL;
out:
	mutex_unlock(&mlu_targets_lock);
	return group;
}

/**
 * mlu_follow_close_bound() - close groups: no more targets are made
 * @session: the session that the groups are bound to; NULL: all groups
 *
 * Targets that have been made are left to the caller.
 *
 * Context: Worker. May sleep.
 */
void mlu_follow_close_bound(const struct mlu_session *session)
{
	struct mlu_group *group;

	/* Only the worker changes the list. */
	while ((group = next_open(session)))
		close_group(group);
}

static bool has_listed_member(const struct mlu_group *group)
{
	const struct mlu_target *target;

	list_for_each_entry(target, &mlu_targets, node)
		if (target->group == group)
			return true;
	return false;
}

static struct mlu_group *next_to_reap(bool *to_close)
{
	struct mlu_group *group;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(group, &mlu_groups, node) {
		*to_close = group->open && !mlu_group_is_all(group) &&
			    !atomic_read(&group->nr_live) && !mlu_descendants_has(group);
		if (*to_close || (!group->open && !has_listed_member(group)))
			goto out;
	}
	group = NULL;
out:
	mutex_unlock(&mlu_targets_lock);
	return group;
}

/**
 * mlu_follow_reap() - close groups that can have no more members, and forget those that have none
 *
 * Context: Worker, with no target that is not completed. May sleep.
 */
void mlu_follow_reap(void)
{
	struct mlu_group *group;
	bool to_close;

	while ((group = next_to_reap(&to_close))) {
		/* The list has a reference, and only the worker changes it. */
		if (to_close) {
			close_group(group);
			continue;
		}
		mutex_lock(&mlu_targets_lock);
		list_del_init(&group->node);
		mutex_unlock(&mlu_targets_lock);
		mlu_group_put(group);
	}
}
