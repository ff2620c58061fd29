// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach and detach.
 *
 * Context: The worker; may sleep. Waits for mmap_locks and for the uprobe core, and holds no
 * lock of the module meanwhile.
 *
 * The order makes the counts exact. Probes of functions that free are inserted first, those of
 * functions that allocate last, then the gate is opened: no block is recorded whose free could be
 * missed. For the same reason the gate is closed before the first probe is removed.
 *
 * Detach, as a proof: the gate is closed, the target is unpublished, each probe is unregistered
 * or refused by the shared filter, and mlu_probe_sync() has returned: no handler runs on a
 * consumer that is freed. A handler of a probe that other targets still use may have found the
 * target before it was unpublished. It runs within rcu_read_lock(), so it has ended when
 * synchronize_rcu() returns. From then on only the worker uses the calls in flight, the uses and
 * the mappings' files. Deferred walks depend on the rules of the target's objects, but on no
 * handler and no file. When the maps are closed, each file that a walk waits for has been read
 * or given up on, so the walks end; after that no walk of this target uses the rules, and they
 * are freed.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "attach.h"
#include "compat.h"
#include "group.h"
#include "insert.h"
#include "late_exits.h"
#include "mappings.h"
#include "process.h"
#include "sites.h"
#include "target_watch.h"

/* === The process === */

static int get_process(struct mlu_request *request, struct mlu_process *process)
{
	const struct mlu_target *target;
	bool is_traced = false;
	const char *reason;
	int err = mlu_process_get(process, request->pid);

	if (err == -ENOENT)
		return mlu_refuse(request, err, "it is a kernel thread");
	if (err)
		return mlu_refuse(request, err, "the process has exited");
	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node)
		is_traced |= mlu_target_is_live(target) && target->mm == process->mm;
	mutex_unlock(&mlu_targets_lock);
	if (is_traced) {
		err = mlu_refuse(request, -EBUSY, "the process is already traced");
		goto err_put;
	}
	reason = mlu_process_refusal(process);
	if (!reason && !mlu_kernel_skips_moved_ip())
		reason = mlu_process_kill_reason(process);
	if (reason) {
		err = mlu_refuse(request, -EOPNOTSUPP, "%s", reason);
		goto err_put;
	}
	return 0;

err_put:
	mlu_process_put(process);
	return err;
}

/* === Removing probes === */

/* Undo install_target(), however far it got. All targets share one wait for handlers. */
static void remove_probes(struct mlu_target *const *targets, unsigned int nr)
{
	struct mlu_uses *uses, *tmp;
	unsigned int i;

	/* No event of the targets starts any more when mlu_probe_sync() has returned. */
	for (i = 0; i < nr; i++) {
		struct mlu_target *target = targets[i];

		mlu_target_set_gate(target, false);
		mlu_target_unpublish(target);
		/* Readers of control access the uses, and their probes, under the lock only. */
		mutex_lock(&mlu_targets_lock);
		list_splice_init(&target->uses, &target->old_uses);
		mutex_unlock(&mlu_targets_lock);
		list_for_each_entry(uses, &target->old_uses, node)
			mlu_uses_leave(uses);
	}
	for (i = 0; i < nr; i++)
		list_for_each_entry(uses, &targets[i]->old_uses, node)
			mlu_uses_end(targets[i], uses);
	mlu_probe_sync();
	synchronize_rcu();
	for (i = 0; i < nr; i++) {
		list_for_each_entry_safe(uses, tmp, &targets[i]->old_uses, node)
			mlu_uses_free(uses);
		INIT_LIST_HEAD(&targets[i]->old_uses);
		mlu_target_drain(targets[i]);
		mlu_target_unwatch(targets[i]);
	}
}

/* No handler runs for the target any more, and it has no probes: release files, rules and mm. */
static void close_target(struct mlu_target *target)
{
	mlu_maps_close(&target->maps);
	mlu_deferred_finish(&target->deferred);
	mlu_maps_retire(&target->maps);
	/* The template of a group has none. */
	if (target->mm)
		mmdrop(target->mm);
}

/* === Attach and detach === */

/**
 * mlu_attach_sites() - probe functions in a target, or in every process that maps their file
 * @request: the request; gets the reason of a refusal
 * @target: the target, published; or the template of a group, which has no mm
 * @sites: the functions
 *
 * No block is recorded whose free could be missed: functions that free come first.
 *
 * Context: The worker; may sleep.
 * Return: 0 or a negative errno; then @target is to be detached, too.
 */
int mlu_attach_sites(struct mlu_request *request, struct mlu_target *target,
		     const struct mlu_sites *sites)
{
	struct mlu_uses *uses = mlu_uses_new(MLU_USES_FUNCTIONS, sites->nr);
	int err;

	if (!uses)
		return -ENOMEM;
	err = mlu_insert_pass(request, target, sites, true, uses);
	if (!err)
		err = mlu_insert_pass(request, target, sites, false, uses);
	mlu_probe_sync();
	if (!err && target->mm)
		err = mlu_insert_check(request, target, uses);
	/* Readers do not see the target yet. */
	mlu_uses_add(target, uses);
	return err;
}

static int install_target(struct mlu_request *request, struct mlu_target *target,
			  struct mm_struct *mm, struct mlu_sites *sites, work_func_t end_work,
			  struct workqueue_struct *wq)
{
	unsigned long deadline;
	int err;

	/* Watch first: an unmap that comes after the mappings are read must not be missed. */
	err = mlu_target_watch(target, mm, end_work, wq);
	if (err)
		return err;
	target->late.known_ns = mlu_now_ns();
	deadline = jiffies + MLU_READ_TIMEOUT;
	err = mlu_maps_read(&target->maps, mm);
	if (err == -ENOSPC)
		mlu_refuse(request, err, "the process has more than %d mappings of code",
			   MLU_MAX_MAPPINGS);
	if (err)
		goto err_remove;
	err = mlu_sites_find(request, target, sites, deadline);
	if (err)
		goto err_remove;
	/* Walks that need unwind data that has not been read by the deadline are deferred. */
	mlu_maps_wait_until(&target->maps, deadline);
	if (mlu_target_publish(target) != target) {
		err = mlu_refuse(request, -EBUSY, "the process is already traced");
		goto err_remove;
	}
	err = mlu_attach_sites(request, target, sites);
	/* If the process has exited, that is the cause of any error above. */
	if (READ_ONCE(target->end_state))
		err = mlu_refuse(request, -ESRCH, "the process has exited");
	if (!err) {
		mlu_sites_note_untraced(target, sites);
		mlu_maps_end_attach(&target->maps);
		return 0;
	}

err_remove:
	remove_probes(&target, 1);
	return err;
}

/**
 * mlu_attach() - make a process a target, with its gate still closed
 * @request: the request; gets the reason of a refusal
 * @end_work: the work to queue when the process ends
 * @wq: the workqueue for @end_work
 *
 * Context: The worker; may sleep.
 * Return: the target with a reference, or ERR_PTR().
 */
struct mlu_target *mlu_attach(struct mlu_request *request, work_func_t end_work,
			      struct workqueue_struct *wq)
{
	struct mlu_process process;
	struct mlu_target *target;
	struct mlu_sites *sites;
	int err;

	sites = mlu_sites_new(NULL);
	if (!sites)
		return ERR_PTR(-ENOMEM);
	err = get_process(request, &process);
	if (err)
		goto out_sites;
	target = mlu_target_new(process.pid, process.task->group_leader, &request->options);
	err = PTR_ERR_OR_ZERO(target);
	if (err)
		goto out_process;
	mmgrab(process.mm);
	target->mm = process.mm;
	target->kill_reason = mlu_process_kill_reason(&process);
	if (request->group)
		target->group = mlu_group_get(request->group);
	target->wq = wq;
	INIT_WORK(&target->exits_work, mlu_late_exits_work);
	err = install_target(request, target, process.mm, sites, end_work, wq);
	if (err) {
		close_target(target);
		mlu_target_put(target);
	}
out_process:
	mlu_process_put(&process);
out_sites:
	mlu_sites_free(sites);
	return err ? ERR_PTR(err) : target;
}

/**
 * mlu_attach_new() - give a target that a handler has made what an attached one has
 * @target: the target, published and listed; on an error it is to be detached
 * @mm: its mm, with a reference on its users
 * @end_work: the work to queue when the process ends
 * @wq: the workqueue for @end_work
 *
 * The breakpoints are in the process already. The uses of their probes are added by
 * mlu_late_poll(), here or, if a file has to be read first, at a later poll.
 *
 * Context: The worker; may sleep.
 * Return: 0 or -ENOMEM.
 */
int mlu_attach_new(struct mlu_target *target, struct mm_struct *mm, work_func_t end_work,
		   struct workqueue_struct *wq)
{
	int err = mlu_target_watch(target, mm, end_work, wq);

	if (err)
		return err;
	target->wq = wq;
	INIT_WORK(&target->exits_work, mlu_late_exits_work);
	mlu_maps_recheck(&target->maps, mm);
	mlu_mappings_recheck(target, mm);
	/* Pairs with mlu_target_want_exits(). */
	smp_store_release(&target->is_new, false);
	return 0;
}

/**
 * mlu_detach() - remove the probes of targets, and what only probes need
 * @targets: the targets; live ones, whose processes may have ended
 * @nr: number of @targets
 *
 * Context: The worker; may sleep.
 */
void mlu_detach(struct mlu_target *const *targets, unsigned int nr)
{
	unsigned int i;

	remove_probes(targets, nr);
	for (i = 0; i < nr; i++)
		close_target(targets[i]);
}
