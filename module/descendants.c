// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forked processes that have had no event yet, and processes that are not to be traced.
 *
 * fork() copies the breakpoints, and no file of the child is mapped anew, so no probe tells of a
 * child before it has its first event. The tracepoint sched_process_fork is called in the parent,
 * before the child runs for the first time. It notes the child's mm here, with the group of the
 * parent; the first event in that mm makes the target (adopt.c). A child that shares its parent's
 * mm (vfork, posix_spawn, CLONE_VM) needs no entry: its events are those of the parent's target.
 *
 * An entry has no reference on its mm, as that would keep the page tables of each short-lived
 * child. So the mm may be freed, and another process may get its address. An entry is valid only
 * while its process has the mm (is_valid()). A process that executes another program loses the
 * breakpoints together with the mm. mlu_descendants_purge() removes entries that are not valid any
 * more; the worker calls it some times a second while there are any.
 *
 * Context: the tracepoint is called in task context, with preemption disabled on most kernels; it
 * does not sleep. Handlers and the filter look up entries within rcu_read_lock(). The rest is
 * called from the worker.
 * Locks: lock (spinlock), a leaf, protects changes of the hash.
 *
 * The function of the tracepoint, as a proof: tracepoint_synchronize_unregister() waits until no
 * call of it runs, and the last group cannot be forgotten before that.
 */
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>

#include "descendants.h"
#include "group.h"
#include "mem.h"
#include "process.h"

#define DESCENDANT_BITS 8

/* Entries of all groups: more processes than have been forked and not run for some moments. */
#define MAX_DESCENDANTS 8192

static DEFINE_SPINLOCK(lock); /* a leaf */
static struct hlist_head by_mm[1 << DESCENDANT_BITS];
static unsigned int nr_descendants;
static struct tracepoint *fork_tracepoint;
static unsigned int nr_followers;

static struct hlist_head *bucket_of(const struct mm_struct *mm)
{
	return &by_mm[hash_ptr(mm, DESCENDANT_BITS)];
}

static bool is_valid(const struct mlu_descendant *d)
{
	return mlu_process_has_mm(d->pid, d->mm);
}

/**
 * mlu_descendant_of_mm() - look up a process that is no target
 * @mm: its mm, which some process has at the moment
 *
 * Context: Any, within rcu_read_lock(). Does not sleep.
 * Return: the entry, valid until rcu_read_unlock(), or NULL.
 */
struct mlu_descendant *mlu_descendant_of_mm(const struct mm_struct *mm)
{
	struct mlu_descendant *d;

	/* The usual case. */
	if (!READ_ONCE(nr_descendants))
		return NULL;
	hlist_for_each_entry_rcu(d, bucket_of(mm), node)
		if (d->mm == mm && is_valid(d))
			return d;
	return NULL;
}

static void free_descendant(struct rcu_head *rcu)
{
	struct mlu_descendant *d = container_of(rcu, struct mlu_descendant, rcu);

	put_pid(d->pid);
	mlu_group_put(d->group);
	mlu_mem_free(MLU_MEM_TABLES, d, sizeof(*d));
}

static void remove_locked(struct mlu_descendant *d)
{
	hlist_del_rcu(&d->node);
	if (!d->was_refused)
		atomic_dec(&d->group->nr_pending);
	WRITE_ONCE(nr_descendants, nr_descendants - 1);
	call_rcu(&d->rcu, free_descendant);
}

/* Remove the entry of an mm, and entries of a process that had an mm at its address before. */
static void remove_mm_locked(const struct mm_struct *mm)
{
	struct mlu_descendant *d;
	struct hlist_node *next;

	hlist_for_each_entry_safe(d, next, bucket_of(mm), node)
		if (d->mm == mm)
			remove_locked(d);
}

/**
 * mlu_descendants_add() - note a process
 * @mm: its mm, which has no entry, or an old one that is not valid any more
 * @pid: the thread group
 * @group: the group
 * @is_refused: it does not become a target
 *
 * Context: Task context. Does not sleep. Takes and releases lock.
 * Return: false if it could not be noted.
 */
bool mlu_descendants_add(const struct mm_struct *mm, struct pid *pid, struct mlu_group *group,
			 bool is_refused)
{
	struct mlu_descendant *d = mlu_mem_zalloc(MLU_MEM_TABLES, sizeof(*d), MLU_GFP);

	if (!d)
		return false;
	d->mm = mm;
	d->pid = get_pid(pid);
	d->group = mlu_group_get(group);
	d->was_refused = is_refused;
	d->is_refused = is_refused;
	spin_lock(&lock);
	remove_mm_locked(mm);
	/* Far more than processes that have been forked and have not run yet. */
	if (nr_descendants < MAX_DESCENDANTS) {
		hlist_add_head_rcu(&d->node, bucket_of(mm));
		if (!is_refused)
			atomic_inc(&group->nr_pending);
		WRITE_ONCE(nr_descendants, nr_descendants + 1);
		d = NULL;
	}
	spin_unlock(&lock);
	if (d)
		free_descendant(&d->rcu);
	return !d;
}

/**
 * mlu_descendants_remove() - remove the entry of a process, which is a target now
 * @mm: its mm; it may have no entry
 *
 * Context: Handler. Does not sleep. Takes and releases lock.
 */
void mlu_descendants_remove(const struct mm_struct *mm)
{
	spin_lock(&lock);
	remove_mm_locked(mm);
	spin_unlock(&lock);
}

/* Remove the entries of @group, or those that are not valid any more if it is NULL. */
static void remove_entries(const struct mlu_group *group)
{
	struct mlu_descendant *d;
	struct hlist_node *next;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(by_mm); i++) {
		spin_lock(&lock);
		hlist_for_each_entry_safe(d, next, &by_mm[i], node)
			if (group ? d->group == group : !is_valid(d))
				remove_locked(d);
		spin_unlock(&lock);
		cond_resched();
	}
}

/**
 * mlu_descendants_forget() - remove the entries of a group that is not open any more
 * @group: the group
 *
 * Context: Worker. May sleep. Takes and releases lock.
 */
void mlu_descendants_forget(const struct mlu_group *group)
{
	remove_entries(group);
}

/**
 * mlu_descendants_purge() - remove entries of processes that have ended or executed a program
 *
 * Context: Worker. May sleep. Takes and releases lock.
 * Return: false if there are no entries any more.
 */
bool mlu_descendants_purge(void)
{
	if (READ_ONCE(nr_descendants))
		remove_entries(NULL);
	return READ_ONCE(nr_descendants);
}

/**
 * mlu_descendants_has() - are there entries of a group?
 * @group: the group
 *
 * Context: Worker. Does not sleep. Takes and releases lock.
 * Return: true if there are.
 */
bool mlu_descendants_has(const struct mlu_group *group)
{
	const struct mlu_descendant *d;
	bool found = false;
	unsigned int i;

	spin_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(by_mm) && !found; i++)
		hlist_for_each_entry(d, &by_mm[i], node)
			found |= d->group == group;
	spin_unlock(&lock);
	return found;
}

/* === The tracepoint === */

/* The group that follows the children of a process, or NULL. */
static struct mlu_group *following_group(const struct mm_struct *mm)
{
	const struct mlu_target *target = mlu_target_of_mm(mm);
	const struct mlu_descendant *d;

	if (target)
		return target->group && !mlu_group_is_all(target->group) ? target->group : NULL;
	d = mlu_descendant_of_mm(mm);
	return d && !mlu_group_is_all(d->group) ? d->group : NULL;
}

static void on_fork(void *unused, struct task_struct *parent, struct task_struct *child)
{
	const struct mm_struct *mm = child->mm;
	struct mlu_group *group;

	if (!mm || !parent->mm || mm == parent->mm)
		return;
	rcu_read_lock();
	group = following_group(parent->mm);
	if (!group || !READ_ONCE(group->open))
		goto out;
	if (mlu_descendants_add(mm, task_tgid(child), group, false))
		mlu_group_refill(group);
	else
		atomic_inc(&group->nr_untraced);
out:
	rcu_read_unlock();
}

static void find_tracepoint(struct tracepoint *tracepoint, void *found)
{
	if (!strcmp(tracepoint->name, "sched_process_fork"))
		*(struct tracepoint **)found = tracepoint;
}

/**
 * mlu_descendants_follow() - note the children that members of groups fork from now on
 *
 * Each call is undone by mlu_descendants_unfollow().
 *
 * Context: Worker. May sleep.
 * Return: 0 or a negative errno: the kernel has no such tracepoint, or no memory.
 */
int mlu_descendants_follow(void)
{
	int err;

	if (nr_followers) {
		nr_followers++;
		return 0;
	}
	/* Tracepoints are not exported by name. */
	for_each_kernel_tracepoint(find_tracepoint, &fork_tracepoint);
	if (!fork_tracepoint)
		return -EOPNOTSUPP;
	err = tracepoint_probe_register(fork_tracepoint, on_fork, NULL);
	if (!err)
		nr_followers++;
	return err;
}

/**
 * mlu_descendants_unfollow() - undo mlu_descendants_follow()
 *
 * Context: Worker. May sleep.
 */
void mlu_descendants_unfollow(void)
{
	if (--nr_followers)
		return;
	tracepoint_probe_unregister(fork_tracepoint, on_fork, NULL);
	tracepoint_synchronize_unregister();
}
