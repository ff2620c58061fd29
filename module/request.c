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
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>

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
		kref_init(&session->refs);
	return session;
}

static void session_free(struct kref *refs)
{
	kfree(container_of(refs, struct mlu_session, refs));
}

/**
 * mlu_session_put() - drop a reference on a session
 * @session: the session
 */
void mlu_session_put(struct mlu_session *session)
{
	kref_put(&session->refs, session_free);
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
	kref_init(&request->refs);
	init_completion(&request->done);
	kref_get(&session->refs);
	request->session = session;
	request->op = MLU_OP_ATTACH;
	request->options = mlu_default_options;
	return request;
}

/**
 * mlu_request_get() - take a reference on a request
 * @request: the request
 */
void mlu_request_get(struct mlu_request *request)
{
	kref_get(&request->refs);
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

/**
 * mlu_request_put() - drop a reference on a request
 * @request: the request
 *
 * Context: Process context. May sleep.
 */
void mlu_request_put(struct mlu_request *request)
{
	kref_put(&request->refs, request_free);
}

/**
 * mlu_refuse() - record why a request is refused
 * @request: the request
 * @err: a negative errno
 * @fmt: format of the reason: one line without a final full stop
 *
 * Return: @err.
 */
int mlu_refuse(struct mlu_request *request, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(request->reason, sizeof(request->reason), fmt, args);
	va_end(args);
	return err;
}

/* === Targets of a detach or clear === */

/* The thread group that a PID or TID refers to now, with a reference, or NULL. */
static struct pid *find_thread_group(pid_t nr)
{
	struct task_struct *task;
	struct pid *group = NULL;

	rcu_read_lock();
	task = pid_task(find_vpid(nr), PIDTYPE_PID);
	if (task)
		group = get_pid(task_tgid(task));
	rcu_read_unlock();
	return group;
}

static int add_target(struct mlu_request *request, struct mlu_target *target)
{
	struct mlu_target **more = krealloc(request->targets,
					    (request->nr_targets + 1) * sizeof(*more), GFP_KERNEL);

	if (!more)
		return -ENOMEM;
	request->targets = more;
	more[request->nr_targets++] = mlu_target_get(target);
	return 0;
}

static int add_all_targets(struct mlu_request *request)
{
	struct mlu_target *target;
	int err;

	list_for_each_entry(target, &mlu_targets, node) {
		err = add_target(request, target);
		if (err)
			return err;
	}
	return 0;
}

/* The number of an ended target may be that of another process by now: compare both. */
static bool has_pid(const struct mlu_target *target, const struct pid *group, pid_t nr)
{
	return target->pid == group || pid_nr_ns(target->pid, task_active_pid_ns(current)) == nr;
}

/* Add the live target of the PID, or else its ended ones. */
static int add_targets_of_pid(struct mlu_request *request, pid_t nr)
{
	struct pid *group = find_thread_group(nr);
	struct mlu_target *target;
	int live, err = 0;

	for (live = 1; live >= 0 && !request->nr_targets; live--)
		list_for_each_entry(target, &mlu_targets, node)
			if (!err && mlu_target_is_live(target) == live &&
			    has_pid(target, group, nr))
				err = add_target(request, target);
	put_pid(group);
	return err;
}

/* Close the gates now: no event counts after the command, however long removing probes takes. */
static void begin_detach(struct mlu_request *request)
{
	unsigned int i;

	for (i = 0; i < request->nr_targets; i++) {
		struct mlu_target *target = request->targets[i];

		if (target->state != MLU_TRACING)
			continue;
		target->state = MLU_DETACHING;
		mlu_target_set_gate(target, false);
	}
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
 * Return: 0 or -ENOMEM.
 */
int mlu_request_add_targets(struct mlu_request *request, pid_t nr)
{
	int err;

	mutex_lock(&mlu_targets_lock);
	err = nr ? add_targets_of_pid(request, nr) : add_all_targets(request);
	if (!err && request->op == MLU_OP_DETACH)
		begin_detach(request);
	mutex_unlock(&mlu_targets_lock);
	return err;
}
