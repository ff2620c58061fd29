// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: parsed commands on their way to the worker, and the sessions that write them.
 *
 * The writer of a command fills in a request, passes it to mlu_worker_run() and waits. The writer
 * may stop waiting early, so it and the worker hold a reference each. Until the request is done,
 * its result belongs to the worker.
 *
 * Context: The writer and the worker, in process context; may sleep.
 * Locks: mlu_targets_lock, to look up targets. No other lock is taken under it.
 */
#include <linux/file.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "group.h"
#include "request.h"

/* === Sessions === */

/**
 * mlu_session_new() - allocate a session
 *
 * The opener ends it with mlu_worker_close_session(), or with mlu_session_put() if it was never
 * used.
 *
 * Return: a session with one reference, or NULL without memory.
 */
struct mlu_session *mlu_session_new(void)
{
	struct mlu_session *session = kzalloc(sizeof(*session), GFP_KERNEL);

	if (session)
		refcount_set(&session->refs, 1);
	return session;
}

/**
 * mlu_session_put() - drop a reference on a session
 * @session: the session
 */
void mlu_session_put(struct mlu_session *session)
{
	if (refcount_dec_and_test(&session->refs))
		kfree(session);
}

/* === Requests === */

/**
 * mlu_request_new() - allocate a request
 * @session: the writer's session; the request takes a reference
 *
 * Return: an attach request with default options and one reference, or NULL without memory.
 */
struct mlu_request *mlu_request_new(struct mlu_session *session)
{
	struct mlu_request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (!request)
		return NULL;
	refcount_set(&request->refs, 1);
	init_completion(&request->done);
	refcount_inc(&session->refs);
	request->session = session;
	request->op = MLU_OP_ATTACH;
	request->options = mlu_default_options;
	return request;
}

/**
 * mlu_request_put() - drop a reference on a request
 * @request: the request
 *
 * Context: Process context. May sleep.
 */
void mlu_request_put(struct mlu_request *request)
{
	unsigned int i;

	if (!refcount_dec_and_test(&request->refs))
		return;
	for (i = 0; i < request->nr_targets; i++)
		mlu_target_put(request->targets[i]);
	kfree(request->targets);
	put_pid(request->pid);
	if (request->file)
		fput(request->file);
	kfree(request->path);
	mlu_session_put(request->session);
	kfree(request);
}

/**
 * mlu_refuse() - record why a request is refused
 * @request: the request; may be NULL
 * @err: a negative errno
 * @fmt: format of the reason: one line without a final full stop
 *
 * Return: @err.
 */
int mlu_refuse(struct mlu_request *request, int err, const char *fmt, ...)
{
	va_list args;

	if (!request)
		return err;
	va_start(args, fmt);
	vscnprintf(request->reason, sizeof(request->reason), fmt, args);
	va_end(args);
	return err;
}

/* === Targets of a detach or clear === */

/* The next event of the process would make another target. */
static bool is_held_by_all(const struct mlu_target *target)
{
	return mlu_target_is_live(target) && target->group && mlu_group_is_all(target->group) &&
	       READ_ONCE(target->group->open);
}

/**
 * mlu_request_add_targets() - look up the targets of a detach or clear
 * @request: the request; gets the matching targets, possibly none
 * @nr: a PID or TID in the caller's PID namespace; 0: all targets
 *
 * A PID refers to the live target of its process, or else to its ended ones. The targets of a
 * detach stop counting events here.
 *
 * Context: The writer. May sleep. Takes and releases mlu_targets_lock.
 * Return: 0, -ENOMEM, or -EBUSY if a target can be detached only together with those of its "attach
 * all".
 */
int mlu_request_add_targets(struct mlu_request *request, pid_t nr)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct mlu_target *target, **more;
	struct task_struct *task;
	struct pid *group = NULL;
	unsigned int i;
	int live, err = -ENOMEM;

	mutex_lock(&mlu_targets_lock);
	rcu_read_lock();
	task = nr ? pid_task(find_vpid(nr), PIDTYPE_PID) : NULL;
	if (task)
		group = get_pid(task_tgid(task));
	rcu_read_unlock();
	/* The live target of the PID, or else its ended ones. */
	for (live = 1; live >= 0 && !request->nr_targets; live--) {
		list_for_each_entry(target, &mlu_targets, node) {
			if (nr && mlu_target_is_live(target) != live)
				continue;
			/* An ended target's number may be another process's now: compare both. */
			if (nr && target->pid != group && pid_nr_ns(target->pid, ns) != nr)
				continue;
			more = krealloc(request->targets, (request->nr_targets + 1) * sizeof(*more),
					GFP_KERNEL);
			if (!more)
				goto out;
			request->targets = more;
			more[request->nr_targets++] = mlu_target_get(target);
		}
	}
	err = -EBUSY;
	for (i = 0; nr && request->op == MLU_OP_DETACH && i < request->nr_targets; i++)
		if (is_held_by_all(request->targets[i]))
			goto out;
	err = 0;
	/* Close the gates now: no event counts after a detach, however long removing takes. */
	for (i = 0; request->op == MLU_OP_DETACH && i < request->nr_targets; i++) {
		target = request->targets[i];
		if (target->state != MLU_TRACING)
			continue;
		target->state = MLU_DETACHING;
		mlu_target_set_gate(target, false);
	}
out:
	put_pid(group);
	mutex_unlock(&mlu_targets_lock);
	return err;
}
