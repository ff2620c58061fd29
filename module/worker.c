// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: carries out commands and the ends of targets, one after the other.
 *
 * All registering and unregistering of uprobes happens here, never in a handler, a notifier or a
 * file's release: it waits for handlers, for mmap_locks and for userspace behind them.  Whoever
 * writes a command waits for the worker killably, five seconds at most; the command goes on.
 *
 * The workqueue is ordered, so works need no lock against each other.  mlu_targets_lock guards the
 * list, the states and a session's end, for readers and writers; it is not held over anything here.
 *
 * A bound target and its session's end: close() first marks the session, under the lock, then
 * queues a work that forgets the session's targets.  An attach that is carried out before that work
 * has put its target into the list; one that is carried out later sees the mark.
 */
#include <linux/slab.h>

#include "attach.h"
#include "worker.h"

#define WAIT_SECONDS 5

static struct workqueue_struct *wq;
static const struct mlu_worker_ops *ops;
static unsigned int max_targets, max_ended;

/*
 * mlu_refuse() - leave the sentence of a refusal
 * @fmt: a sentence without its final point
 *
 * Return: @err.
 */
int mlu_refuse(struct mlu_request *request, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(request->sentence, sizeof(request->sentence), fmt, args);
	va_end(args);
	return err;
}

/* === Targets in the list === */

static void enlist(struct mlu_target *target)
{
	mutex_lock(&mlu_targets_lock);
	target->state = MLU_TRACING;
	target->attached_ns = ktime_get_ns();
	list_add_tail(&target->node, &mlu_targets);
	mutex_unlock(&mlu_targets_lock);
}

/* Takes the list's reference out with it; any number of times. */
static void forget(struct mlu_target *target)
{
	bool listed;

	mutex_lock(&mlu_targets_lock);
	listed = !list_empty(&target->node);
	list_del_init(&target->node);
	mutex_unlock(&mlu_targets_lock);
	if (!listed)
		return;
	ops->gone(target);
	mlu_target_drop_records(target);
	mlu_target_put(target);
}

/* The oldest ended target with a reference, if there are more than may be kept. */
static struct mlu_target *too_old(void)
{
	struct mlu_target *target, *oldest = NULL;
	unsigned int nr = 0;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node) {
		if (mlu_target_is_live(target))
			continue;
		if (!oldest || target->ended_ns < oldest->ended_ns)
			oldest = target;
		nr++;
	}
	if (nr > max_ended)
		mlu_target_get(oldest);
	else
		oldest = NULL;
	mutex_unlock(&mlu_targets_lock);
	return oldest;
}

static void forget_too_old(void)
{
	struct mlu_target *target;

	while ((target = too_old())) {
		forget(target);
		mlu_target_put(target);
	}
}

static bool is_live(struct mlu_target *target)
{
	bool live;

	mutex_lock(&mlu_targets_lock);
	live = mlu_target_is_live(target);
	mutex_unlock(&mlu_targets_lock);
	return live;
}

static void note_end(struct mlu_target *target)
{
	enum mlu_state state = READ_ONCE(target->end_state);

	mutex_lock(&mlu_targets_lock);
	target->state = state ? state : MLU_DETACHED;
	WRITE_ONCE(target->ended_ns, ktime_get_ns());
	mutex_unlock(&mlu_targets_lock);
}

/* Ends those that are live, together; those that have ended are left as they are. */
static void end(struct mlu_target **targets, unsigned int nr)
{
	unsigned int i, nr_live = 0;

	for (i = 0; i < nr; i++) {
		if (!is_live(targets[i]))
			continue;
		swap(targets[nr_live], targets[i]);
		nr_live++;
	}
	if (!nr_live)
		return;
	mlu_detach(targets, nr_live);
	for (i = 0; i < nr_live; i++)
		note_end(targets[i]);
}

/* Queued by the notifier, with a reference, when the target's mm goes. */
static void ended(struct work_struct *work)
{
	struct mlu_target *target = container_of(work, struct mlu_target, end_work);
	bool listed;

	mutex_lock(&mlu_targets_lock);
	listed = !list_empty(&target->node);
	mutex_unlock(&mlu_targets_lock);
	if (listed)
		end(&target, 1);
	mlu_target_put(target);
	forget_too_old();
}

/* === Sessions === */

static void session_free(struct kref *refs)
{
	kfree(container_of(refs, struct mlu_session, refs));
}

void mlu_session_put(struct mlu_session *session)
{
	kref_put(&session->refs, session_free);
}

static struct mlu_target *first_bound_to(const struct mlu_session *session)
{
	struct mlu_target *target;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node)
		if (target->bound_to == session)
			goto out;
	target = NULL;
out:
	if (target)
		mlu_target_get(target);
	mutex_unlock(&mlu_targets_lock);
	return target;
}

static void close_session(struct work_struct *work)
{
	struct mlu_session *session = container_of(work, struct mlu_session, close_work);
	struct mlu_target *target;

	while ((target = first_bound_to(session))) {
		end(&target, 1);
		forget(target);
		mlu_target_put(target);
	}
	mlu_session_put(session);
}

struct mlu_session *mlu_session_new(void)
{
	struct mlu_session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (!session)
		return NULL;
	kref_init(&session->refs);
	INIT_WORK(&session->close_work, close_session);
	return session;
}

/** mlu_session_close() - its bound targets go; takes the opener's reference */
void mlu_session_close(struct mlu_session *session)
{
	mutex_lock(&mlu_targets_lock);
	session->closed = true;
	mutex_unlock(&mlu_targets_lock);
	queue_work(wq, &session->close_work);
}

/* === Commands === */

static int check_limit(struct mlu_request *request)
{
	const struct mlu_target *target;
	unsigned int nr = 0;
	bool closed;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node)
		nr += mlu_target_is_live(target);
	closed = request->session->closed;
	mutex_unlock(&mlu_targets_lock);
	if (closed && request->options.bound)
		return mlu_refuse(request, -EINTR, "the file that it was bound to is closed");
	if (nr >= max_targets)
		return mlu_refuse(request, -ENOSPC, "%u targets are traced already (max_targets)",
				  nr);
	return 0;
}

static void do_attach(struct mlu_request *request)
{
	struct mlu_target *target;

	request->err = check_limit(request);
	if (request->err)
		return;
	target = mlu_attach(request, ended, wq);
	if (!target)
		return;
	if (request->options.bound)
		target->bound_to = request->session;
	enlist(target);
	ops->born(target);
	mlu_maps_resolve(&target->maps);
	mlu_target_gate(target, !READ_ONCE(target->end_state));
}

static void do_clear(struct mlu_request *request, struct mlu_target *target)
{
	if (!is_live(target))
		forget(target);
	else if (mlu_target_new_epoch(target))
		request->err = -ENOMEM;
}

static void carry_out(struct work_struct *work)
{
	struct mlu_request *request = container_of(work, struct mlu_request, work);
	unsigned int i;

	if (request->op == MLU_OP_ATTACH)
		do_attach(request);
	else if (request->op == MLU_OP_DETACH)
		end(request->targets, request->nr_targets);
	else
		for (i = 0; i < request->nr_targets; i++)
			do_clear(request, request->targets[i]);
	forget_too_old();
	complete_all(&request->done);
	mlu_request_put(request);
}

/** mlu_request_new() - a request with one reference, or NULL; @session gets one more */
struct mlu_request *mlu_request_new(enum mlu_op op, struct mlu_session *session)
{
	struct mlu_request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (!request)
		return NULL;
	kref_init(&request->refs);
	kref_get(&session->refs);
	INIT_WORK(&request->work, carry_out);
	init_completion(&request->done);
	request->op = op;
	request->session = session;
	request->options = mlu_default_options;
	return request;
}

static void request_free(struct kref *refs)
{
	struct mlu_request *request = container_of(refs, struct mlu_request, refs);
	unsigned int i;

	for (i = 0; i < request->nr_targets; i++)
		mlu_target_put(request->targets[i]);
	kfree(request->targets);
	put_pid(request->pid);
	mlu_session_put(request->session);
	kfree(request);
}

void mlu_request_put(struct mlu_request *request)
{
	kref_put(&request->refs, request_free);
}

/*
 * mlu_request_run() - have the worker carry it out, and wait for that
 *
 * Return: the request's error; -EINPROGRESS after five seconds, -EINTR when killed: in both cases
 * the worker goes on, and @request->err and its sentence are not to be read.
 */
int mlu_request_run(struct mlu_request *request)
{
	long left;

	kref_get(&request->refs);
	queue_work(wq, &request->work);
	left = wait_for_completion_killable_timeout(&request->done, WAIT_SECONDS * HZ);
	if (left > 0)
		return request->err;
	return left ? -EINTR : -EINPROGRESS;
}

int mlu_worker_init(const struct mlu_worker_ops *worker_ops, unsigned int targets,
		    unsigned int ended_targets)
{
	ops = worker_ops;
	max_targets = targets;
	max_ended = ended_targets;
	wq = alloc_ordered_workqueue("memleak_user", 0);
	return wq ? 0 : -ENOMEM;
}

static struct mlu_target *first_target(void)
{
	struct mlu_target *target;

	mutex_lock(&mlu_targets_lock);
	target = list_first_entry_or_null(&mlu_targets, struct mlu_target, node);
	if (target)
		mlu_target_get(target);
	mutex_unlock(&mlu_targets_lock);
	return target;
}

static void forget_all(struct work_struct *work)
{
	struct mlu_target *target;

	while ((target = first_target())) {
		end(&target, 1);
		forget(target);
		mlu_target_put(target);
	}
}

/**
 * mlu_worker_exit() - end and forget all targets
 *
 * No file of ours is open and none can be opened, so no command comes any more.  First what was
 * queued is done, then the rest is forgotten; after that no target is published, so no notifier
 * queues work.  The watches go last: their ends come from SRCU.
 */
void mlu_worker_exit(void)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, forget_all);
	queue_work(wq, &work);
	flush_workqueue(wq);
	destroy_work_on_stack(&work);
	mlu_target_watch_exit();
	destroy_workqueue(wq);
}
