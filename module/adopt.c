// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that become targets at their first event.
 *
 * A breakpoint is hit in a process that is no target. It is one of these:
 *
 * - a descendant of a member of a group that follows children (descendants.c);
 * - a process that maps the file of an "attach all": the probe has a use of every process;
 * - neither: a child of a target that is not followed, which has inherited the breakpoints, or a
 *   process whose target is just being ended.
 *
 * In the first two cases the handler makes the target from a spare one of the group (group.c),
 * publishes it, and counts the event. The worker completes it afterwards: it adds the notifier and
 * the uses of probes. Until then the target is "new": its breakpoints are those that it has
 * inherited or that the core has inserted, its mappings of code are those that handlers have met,
 * and what it unmaps is found afterwards.
 *
 * Context: handlers, within rcu_read_lock(); nothing sleeps. next_born is called from the worker.
 * Locks: none of its own.
 * Ownership: a target that was made is in the list of born ones, which has its first reference,
 * until the worker takes it.
 */
#include <linux/llist.h>
#include <linux/sched/mm.h>

#include "adopt.h"
#include "arch.h"
#include "descendants.h"
#include "probes.h"
#include "process.h"

static LLIST_HEAD(born);
static struct workqueue_struct *worker_wq;
static struct work_struct *worker_work;

/**
 * mlu_adopt_init() - set what completes targets
 * @wq: the worker's queue
 * @born_work: the work to queue when a target has been made
 *
 * Context: Init.
 */
void mlu_adopt_init(struct workqueue_struct *wq, struct work_struct *born_work)
{
	worker_wq = wq;
	worker_work = born_work;
}

/* The group of an "attach all" that uses the probe, or NULL. */
static struct mlu_group *group_of_all(const struct mlu_probe *probe)
{
	const struct mlu_use *use;

	list_for_each_entry_rcu(use, &probe->uses, node)
		if (!use->mm)
			return use->group;
	return NULL;
}

/* Return: true if a member of the group uses the probe. */
static bool is_used_by_group(const struct mlu_probe *probe, const struct mlu_group *group)
{
	const struct mlu_use *use;

	list_for_each_entry_rcu(use, &probe->uses, node)
		if (use->group == group)
			return true;
	return false;
}

/*
 * fork() copies the breakpoints before the tracepoint notes the child. If a consumer of the probe
 * is unregistered just then, the breakpoints of an unknown mm stay. The first hit removes those of
 * a process that is not followed: then, and when a file is mapped, the mm is that of current.
 */
static bool may_be_a_new_child(const struct mlu_probe *probe, const struct mm_struct *mm)
{
	const struct mlu_use *use;

	if (current->mm == mm || !READ_ONCE(probe->is_registered))
		return false;
	list_for_each_entry_rcu(use, &probe->uses, node)
		if (use->group && !mlu_group_is_all(use->group) && READ_ONCE(use->group->open))
			return true;
	return false;
}

/**
 * mlu_adopt_uses() - does a process use a probe, although it has no use of its own?
 * @probe: the probe
 * @mm: the mm of the process; compared only
 *
 * Context: Any, within rcu_read_lock(): filter or handler. Does not sleep.
 * Return: true if the breakpoint must be in the process.
 */
bool mlu_adopt_uses(const struct mlu_probe *probe, const struct mm_struct *mm)
{
	const struct mlu_target *target = mlu_target_of_mm(mm);
	const struct mlu_descendant *d;
	struct mlu_group *group;

	if (target) {
		group = target->group;
		return group && (READ_ONCE(target->inherits) || mlu_group_is_all(group)) &&
		       is_used_by_group(probe, group);
	}
	d = mlu_descendant_of_mm(mm);
	if (d && d->is_refused)
		return false;
	if (d)
		return is_used_by_group(probe, d->group);
	return group_of_all(probe) || may_be_a_new_child(probe, mm);
}

/*
 * Do not trace the process: there are too many targets. Its breakpoints are removed. Not inlined,
 * so that the fault injection test finds its call of mlu_descendants_add().
 */
static noinline struct mlu_target *refuse_process(struct mlu_group *group, struct mlu_descendant *d,
						  struct pid *pid)
{
	if (d) {
		if (xchg(&d->is_refused, true))
			return NULL;
	} else if (!mlu_descendants_add(current->mm, pid, group, true)) {
		/* It is refused again at its next event. */
		return NULL;
	}
	atomic_inc(&group->nr_untraced);
	return NULL;
}

/* Make a spare target that of the process, with its gate open. */
static void set_up(struct mlu_target *target, struct mlu_group *group, struct pid *pid)
{
	mlu_target_identify(target, pid, current->comm);
	target->group = mlu_group_get(group);
	target->kill_reason = group->kill_reason;
	target->prefers_exits = group->prefers_exits;
	target->bound_to = group->bound_to;
	mmgrab(current->mm);
	target->mm = current->mm;
	target->is_new = true;
	target->inherits = true;
	mlu_target_set_gate(target, true);
}

/* Undo set_up(). */
static void clear_up(struct mlu_target *target)
{
	mlu_target_set_gate(target, false);
	/* Not the last reference: current has the mm. */
	mmdrop(target->mm);
	target->mm = NULL;
	mlu_group_put(target->group);
	target->group = NULL;
	put_pid(target->pid);
	target->pid = NULL;
}

static struct mlu_target *make_target(struct mlu_group *group, struct mlu_target *target,
				      struct pid *pid)
{
	struct mlu_target *first;

	set_up(target, group, pid);
	first = mlu_target_publish(target);
	if (first != target) {
		/* Another thread was faster. */
		clear_up(target);
		mlu_target_unreserve();
		mlu_group_put_spare(group, target);
		return first;
	}
	atomic_inc(&group->nr_made);
	/* Before the entry is removed: a group without both is closed. */
	atomic_inc(&group->nr_live);
	mlu_descendants_remove(current->mm);
	llist_add(&target->born, &born);
	queue_work(worker_wq, worker_work);
	return target;
}

/**
 * mlu_adopt_current() - make current's process a target, if it is to be one
 * @probe: the probe that it has hit
 *
 * Context: Handler, within rcu_read_lock(). Does not sleep.
 * Return: the target, published; NULL if the process is not to be traced, or if the group has no
 * spare target at the moment: then the event is lost, which is counted.
 */
struct mlu_target *mlu_adopt_current(const struct mlu_probe *probe)
{
	struct mlu_descendant *d = mlu_descendant_of_mm(current->mm);
	struct mlu_group *group = d ? d->group : group_of_all(probe);
	struct mlu_target *target;
	struct pid *pid;

	if (!group || !READ_ONCE(group->open) || (d && READ_ONCE(d->is_refused)) ||
	    mlu_arch_is_32bit(current))
		return NULL;
	pid = d ? d->pid : mlu_process_of_current();
	if (!mlu_target_reserve())
		return refuse_process(group, d, pid);
	target = mlu_group_take_spare(group);
	if (!target) {
		mlu_target_unreserve();
		atomic64_inc(&group->nr_lost);
		return NULL;
	}
	return make_target(group, target, pid);
}

/**
 * mlu_adopt_next_born() - take a target that was made in a handler
 *
 * Context: Worker.
 * Return: the target with the list's reference, or NULL.
 */
struct mlu_target *mlu_adopt_next_born(void)
{
	struct llist_node *node = llist_del_first(&born);

	return node ? llist_entry(node, struct mlu_target, born) : NULL;
}
