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
#include "follow.h"
#include "target_watch.h"
#include "worker.h"

#define COMMAND_TIMEOUT (5 * HZ)

/* Targets that are ended together: all share one wait for handlers. */
#define END_BATCH 64

static struct workqueue_struct *wq;
static const struct mlu_worker_ops *ops;
static unsigned int max_targets, max_ended;

/* === The list of targets === */

static void list_target(struct mlu_target *target)
{
	mutex_lock(&mlu_targets_lock);
	target->state = MLU_TRACING;
	list_add_tail(&target->node, &mlu_targets);
	mutex_unlock(&mlu_targets_lock);
	ops->target_added(target);
}

/* Remove an ended target and drop the list's reference. No effect if it was removed before. */
static void forget_target(struct mlu_target *target)
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

/* Forget the oldest ended targets while there are more than max_ended. */
static void forget_excess_targets(void)
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
			forget_target(oldest);
	} while (nr > max_ended);
}

static bool is_live_unlocked(struct mlu_target *target)
{
	bool live;

	mutex_lock(&mlu_targets_lock);
	live = mlu_target_is_live(target);
	mutex_unlock(&mlu_targets_lock);
	return live;
}

/* Detach the live ones among @targets, all at once. Reorders the array. */
static void end_targets(struct mlu_target **targets, unsigned int nr)
{
	unsigned int i, nr_live = 0;
	enum mlu_state state;

	for (i = 0; i < nr; i++) {
		if (!is_live_unlocked(targets[i]))
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

/* Queued by the mmu notifier, with a reference on the target, when the target's mm is released. */
static void end_target_work(struct work_struct *work)
{
	struct mlu_target *target = container_of(work, struct mlu_target, end_work);
	bool listed;

	mutex_lock(&mlu_targets_lock);
	listed = !list_empty(&target->node);
	mutex_unlock(&mlu_targets_lock);
	if (listed)
		end_targets(&target, 1);
	mlu_target_put(target);
	forget_excess_targets();
	mlu_follow_reap();
}

static bool is_bound_to(const struct mlu_target *target, const struct mlu_session *session)
{
	return !session || target->bound_to == session;
}

/* End the targets that are bound to @session, or all if it is NULL, many at once. */
static void end_bound_targets(const struct mlu_session *session)
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
		end_targets(batch, nr);
	} while (nr);
}

/* === Groups === */

/* Complete the targets that handlers have made, before anything else is done with targets. */
static void complete_born_targets(void)
{
	struct mlu_target *target;

	while ((target = mlu_adopt_next_born())) {
		list_target(target);
		if (mlu_follow_complete(target, end_target_work, wq))
			end_targets(&target, 1);
	}
}

static void complete_work(struct work_struct *work)
{
	complete_born_targets();
	forget_excess_targets();
	mlu_follow_reap();
}

static DECLARE_WORK(born_work, complete_work);

/* === Sessions === */

/* End and forget the targets and groups that are bound to @session, or all if it is NULL. */
static void forget_targets(const struct mlu_session *session)
{
	struct mlu_target *target;

	mlu_follow_close_bound(session);
	complete_born_targets();
	end_bound_targets(session);
again:
	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node) {
		if (!is_bound_to(target, session))
			continue;
		mutex_unlock(&mlu_targets_lock);
		forget_target(target);
		goto again;
	}
	mutex_unlock(&mlu_targets_lock);
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

/* === Commands === */

static int attach_process(struct mlu_request *request)
{
	struct mlu_target *target;
	int err;

	if (!mlu_target_reserve())
		return mlu_refuse(request, -ENOSPC, "%u targets are already traced (max_targets)",
				  max_targets);
	err = request->options.children ? mlu_follow_prepare(request) : 0;
	if (err)
		goto err_unreserve;
	target = mlu_attach(request, end_target_work, wq);
	err = PTR_ERR_OR_ZERO(target);
	if (err)
		goto err_group;
	if (request->options.bound)
		target->bound_to = request->session;
	target->attached_ns = mlu_now_ns();
	list_target(target);
	mlu_maps_resolve(&target->maps);
	if (request->group)
		mlu_follow_open(request->group, target);
	mlu_target_set_gate(target, !READ_ONCE(target->end_state));
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
			end_bound_targets(NULL);
		}
		end_targets(request->targets, request->nr_targets);
		break;
	case MLU_OP_CLEAR:
		for (i = 0; i < request->nr_targets; i++) {
			target = request->targets[i];
			if (!is_live_unlocked(target))
				forget_target(target);
			else if (mlu_target_new_epoch(target))
				request->err = -ENOMEM;
		}
		break;
	default:
		break;
	}
	forget_excess_targets();
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
 * @worker_ops: called when targets are added and removed
 * @targets: limit of live targets
 * @ended_targets: number of ended targets to keep
 *
 * Return: 0 or -ENOMEM.
 */
int mlu_worker_init(const struct mlu_worker_ops *worker_ops, unsigned int targets,
		    unsigned int ended_targets)
{
	ops = worker_ops;
	max_targets = targets;
	max_ended = ended_targets;
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
	mlu_target_watch_exit();
	destroy_workqueue(wq);
}
