// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: executes commands and ends targets, one after the other.
 *
 * All uprobes are registered and unregistered here, never in a handler, a notifier or a file's
 * release: both wait for handlers, for mmap_locks and for userspace behind them. The writer of a
 * command waits for the worker, killably and for at most five seconds; the command is executed
 * in any case.
 *
 * The workqueue is ordered, so its works need no lock against each other. mlu_targets_lock
 * protects the list of targets, their states and a session's @closed against writers and
 * readers. The worker never holds it while it registers, unregisters or waits.
 *
 * A bound target and its session: mlu_worker_close_session() sets @closed under the lock, then
 * queues a work that forgets the session's targets. An attach that is executed before that work
 * has its target in the list by then; an attach that is executed after it finds @closed set.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "adopt.h"
#include "attach.h"
#include "descendants.h"
#include "follow.h"
#include "late.h"
#include "target_list.h"
#include "target_watch.h"
#include "worker.h"

#define COMMAND_TIMEOUT (5 * HZ)

/*
 * How often targets are polled for new libraries: one is to be probed within a second, and its file
 * has to be read between two polls.
 */
#define POLL_INTERVAL (HZ * 2 / 5)

/* The same while a file is being read. */
#define POLL_SOON (HZ / 20)

/* How often an attach is tried while the process closes libraries. */
#define MAX_ATTACH_TRIES 5

static struct workqueue_struct *wq;
static unsigned int max_targets;

static void poll_targets_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(poll_work, poll_targets_work);

/* No effect if it is queued already. */
static void start_polling(void)
{
	queue_delayed_work(wq, &poll_work, POLL_INTERVAL);
}

/* === Ends of targets === */

/* Queued by the mmu notifier, with a reference on the target, when the target's mm is released. */
static void end_target_work(struct work_struct *work)
{
	struct mlu_target *target = container_of(work, struct mlu_target, end_work);
	bool listed;

	mutex_lock(&mlu_targets_lock);
	listed = !list_empty(&target->node);
	mutex_unlock(&mlu_targets_lock);
	if (listed)
		mlu_end_targets(&target, 1);
	mlu_target_put(target);
	mlu_forget_excess_targets();
	mlu_follow_reap();
}

/* === Groups === */

/* Complete the targets that handlers have made, before anything else is done with targets. */
static void complete_born_targets(void)
{
	struct mlu_target *target;

	while ((target = mlu_adopt_next_born())) {
		mlu_list_target(target);
		if (mlu_follow_complete(target, end_target_work, wq))
			mlu_end_targets(&target, 1);
		start_polling();
	}
}

static void complete_work(struct work_struct *work)
{
	complete_born_targets();
	mlu_forget_excess_targets();
	mlu_follow_reap();
}

static DECLARE_WORK(born_work, complete_work);

/* === Sessions === */

/* End and forget the targets and groups that are bound to @session, or all if it is NULL. */
static void forget_targets(const struct mlu_session *session)
{
	mlu_follow_close_bound(session);
	complete_born_targets();
	mlu_end_bound_targets(session);
	mlu_forget_bound_targets(session);
	mlu_follow_reap();
}

static void close_session_work(struct work_struct *work)
{
	struct mlu_session *session = container_of(work, struct mlu_session, close_work);

	forget_targets(session);
	mlu_session_put(session);
}

/**
 * mlu_worker_close_session() - end a session and forget the targets that are bound to it
 * @session: the session; the opener's reference is passed to the worker
 *
 * Context: Process context. Takes and releases mlu_targets_lock. Does not wait for the worker.
 */
void mlu_worker_close_session(struct mlu_session *session)
{
	mutex_lock(&mlu_targets_lock);
	session->closed = true;
	mutex_unlock(&mlu_targets_lock);
	INIT_WORK(&session->close_work, close_session_work);
	queue_work(wq, &session->close_work);
}

/* === Polling === */

/* Find libraries that are mapped later, and forked processes that have ended without an event. */
static void poll_targets_work(struct work_struct *work)
{
	bool goes_on, is_soon = false;
	struct mlu_target *target;

	complete_born_targets();
	goes_on = mlu_descendants_purge();
	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node) {
		goes_on |= mlu_target_is_live(target);
		if (!mlu_late_has_work(target))
			continue;
		/* Only the worker removes targets, so this one stays where it is in the list. */
		mutex_unlock(&mlu_targets_lock);
		is_soon |= mlu_late_poll(target);
		mutex_lock(&mlu_targets_lock);
	}
	mutex_unlock(&mlu_targets_lock);
	mlu_follow_reap();
	if (goes_on)
		queue_delayed_work(wq, &poll_work, is_soon ? POLL_SOON : POLL_INTERVAL);
}

/* === Commands === */

static int attach_process(struct mlu_request *request)
{
	struct mlu_target *target;
	unsigned int tries = 0;
	int err;

	if (!mlu_target_reserve())
		return mlu_refuse(request, -ENOSPC, "%u targets are already traced (max_targets)",
				  max_targets);
	err = request->options.children ? mlu_follow_prepare(request) : 0;
	if (err)
		goto err_unreserve;
	/* A program that opens and closes libraries all the time is attached all the same. */
	do {
		request->is_stale = false;
		target = mlu_attach(request, end_target_work, wq);
		err = PTR_ERR_OR_ZERO(target);
	} while (err && request->is_stale && ++tries < MAX_ATTACH_TRIES);
	if (err)
		goto err_group;
	if (request->options.bound)
		target->bound_to = request->session;
	target->attached_ns = mlu_now_ns();
	if (request->group)
		mlu_follow_open(request->group, target);
	mlu_target_set_gate(target, !READ_ONCE(target->end_state));
	/* Last: what control shows as a target is traced, and its children are followed. */
	mlu_list_target(target);
	start_polling();
	return 0;

err_group:
	if (request->group)
		mlu_follow_cancel(request->group);
err_unreserve:
	mlu_target_unreserve();
	return err;
}

static int execute_attach(struct mlu_request *request)
{
	bool closed;

	mutex_lock(&mlu_targets_lock);
	closed = request->session->closed;
	mutex_unlock(&mlu_targets_lock);
	/* The writer stopped waiting before it closed the file, so it does not get this error. */
	if (closed && request->options.bound)
		return -ECANCELED;
	return request->all ? mlu_follow_all(request) : attach_process(request);
}

static void execute_request_work(struct work_struct *work)
{
	struct mlu_request *request = container_of(work, struct mlu_request, work);
	struct mlu_target *target;
	unsigned int i;

	complete_born_targets();
	switch (request->op) {
	case MLU_OP_ATTACH:
		request->err = execute_attach(request);
		break;
	case MLU_OP_DETACH:
		if (request->all) {
			mlu_follow_close_bound(NULL);
			complete_born_targets();
			mlu_end_bound_targets(NULL);
		}
		mlu_end_targets(request->targets, request->nr_targets);
		break;
	case MLU_OP_CLEAR:
		for (i = 0; i < request->nr_targets; i++) {
			target = request->targets[i];
			if (mlu_target_is_ended(target))
				mlu_forget_target(target);
			else if (mlu_target_new_epoch(target))
				request->err = -ENOMEM;
		}
		break;
	default:
		break;
	}
	mlu_forget_excess_targets();
	mlu_follow_reap();
	complete_all(&request->done);
	mlu_request_put(request);
}

/**
 * mlu_worker_run() - have the worker execute a request, and wait for it
 * @request: the request; the worker takes a reference
 *
 * Context: Process context. Sleeps, killably, for at most five seconds.
 * Return: the request's error; -EINPROGRESS after five seconds, -EINTR if the caller was killed.
 * In these two cases the worker continues, and @request->err and @request->reason must not be
 * read.
 */
int mlu_worker_run(struct mlu_request *request)
{
	long left;

	refcount_inc(&request->refs);
	INIT_WORK(&request->work, execute_request_work);
	queue_work(wq, &request->work);
	left = wait_for_completion_killable_timeout(&request->done, COMMAND_TIMEOUT);
	if (left > 0)
		return request->err;
	return left ? -EINTR : -EINPROGRESS;
}

/* === Init and exit === */

/**
 * mlu_worker_init() - start the worker
 * @targets: limit of live targets
 *
 * Return: 0 or -ENOMEM.
 */
int mlu_worker_init(unsigned int targets)
{
	max_targets = targets;
	wq = alloc_ordered_workqueue("memleak_user", 0);
	if (!wq)
		return -ENOMEM;
	mlu_target_limit(targets);
	mlu_adopt_init(wq, &born_work);
	return 0;
}

static void forget_all_work(struct work_struct *work)
{
	forget_targets(NULL);
}

/**
 * mlu_worker_exit() - end and forget all targets, and stop the worker
 *
 * No control file is open and none can be opened, so no further command arrives. The works that
 * are queued are executed first, then the remaining targets are forgotten. After that no target
 * is published, so no notifier queues a work. The watches are waited for last: SRCU frees them.
 *
 * Context: Module exit. May sleep.
 */
void mlu_worker_exit(void)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, forget_all_work);
	queue_work(wq, &work);
	flush_workqueue(wq);
	destroy_work_on_stack(&work);
	/* There is no target, so that it does not queue itself again. */
	cancel_delayed_work_sync(&poll_work);
	mlu_target_watch_exit();
	destroy_workqueue(wq);
}
