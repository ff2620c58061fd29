/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests: commands for the worker, the sessions that write them, and why they are refused. */
#ifndef MLU_REQUEST_H
#define MLU_REQUEST_H

#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "target.h"

#define MLU_REASON_MAX 256

/**
 * struct mlu_session - an open control file, or another source of commands
 * @refs: held by the opener, by each request, and by @close_work
 * @closed: set when the opener closes the session; protected by mlu_targets_lock
 * @close_work: forgets the targets that are bound to the session; set up by the worker
 *
 * A target that was attached with bound=1 is forgotten when its session is closed.
 */
struct mlu_session {
	refcount_t refs;
	bool closed;
	struct work_struct close_work;
};

struct mlu_session *mlu_session_new(void);
void mlu_session_put(struct mlu_session *session);

enum mlu_op {
	MLU_OP_ATTACH,
	MLU_OP_DETACH,
	MLU_OP_CLEAR,
	/* Executed by the writer itself: they change no probes and wait for no file. */
	MLU_OP_MARK,
	MLU_OP_FREEZE,
	MLU_OP_THAW,
};

/**
 * struct mlu_request - one command
 * @refs: held by the writer and by the worker
 * @work: executes the request; set up by the worker
 * @done: completed when the request has been executed
 * @op: the operation
 * @session: the writer's session, with a reference
 * @pid: attach: the process, with a reference
 * @options: attach: the options
 * @all: attach: every process that maps @file; detach, clear and others: all targets
 * @path: attach all: the path of @file, or NULL
 * @file: attach all: the file as mappings of it have it, with a reference, or NULL
 * @group: attach with children=1: the group of the target, or NULL; used by the worker
 * @is_stale: attach: it has failed because a library was closed meanwhile; used by the worker
 * @nr_targets: all but attach: number of @targets
 * @targets: all but attach: the targets, with a reference each
 * @err: result; written by the worker until @done
 * @reason: why the request was refused, or empty; written by the worker until @done
 */
struct mlu_request {
	refcount_t refs;
	struct work_struct work;
	struct completion done;
	enum mlu_op op;
	struct mlu_session *session;
	struct pid *pid;
	struct mlu_options options;
	bool all;
	char *path;
	struct file *file;
	struct mlu_group *group;
	bool is_stale;
	unsigned int nr_targets;
	struct mlu_target **targets;
	int err;
	char reason[MLU_REASON_MAX];
};

struct mlu_request *mlu_request_new(struct mlu_session *session);
void mlu_request_put(struct mlu_request *request);
int mlu_request_add_targets(struct mlu_request *request, pid_t nr);
__printf(3, 4) int mlu_refuse(struct mlu_request *request, int err, const char *fmt, ...);

#endif /* MLU_REQUEST_H */
