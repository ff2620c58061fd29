/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place where probes are put in and taken out. */
#ifndef MLU_WORKER_H
#define MLU_WORKER_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/workqueue.h>

#include "target.h"

#define MLU_SENTENCE_MAX 256

/*
 * What a bound target lives as long as: an open control file, or another door's caller.
 * References: the opener, each request, the work that forgets its targets.
 */
struct mlu_session {
	struct kref refs;
	bool closed; /* guarded by mlu_targets_lock */
	struct work_struct close_work;
};

struct mlu_session *mlu_session_new(void);
void mlu_session_put(struct mlu_session *session);
void mlu_session_close(struct mlu_session *session);

enum mlu_op { MLU_OP_ATTACH, MLU_OP_DETACH, MLU_OP_CLEAR };

/* One command, for the worker.  References: who waits for it, and the worker. */
struct mlu_request {
	struct kref refs;
	struct work_struct work;
	struct completion done;
	enum mlu_op op;
	struct mlu_session *session;

	/* attach */
	struct pid *pid;
	struct mlu_options options;

	/* detach, clear: with a reference each */
	unsigned int nr_targets;
	struct mlu_target **targets;

	int err;
	char sentence[MLU_SENTENCE_MAX]; /* why it failed */
};

struct mlu_request *mlu_request_new(enum mlu_op op, struct mlu_session *session);
void mlu_request_put(struct mlu_request *request);
int mlu_request_run(struct mlu_request *request);
__printf(3, 4) int mlu_refuse(struct mlu_request *request, int err, const char *fmt, ...);

/* Told, in the worker, of each target that is there to be read, and when it no longer is. */
struct mlu_worker_ops {
	void (*born)(struct mlu_target *target);
	void (*gone)(struct mlu_target *target);
};

int mlu_worker_init(const struct mlu_worker_ops *ops, unsigned int max_targets,
		    unsigned int max_ended);
void mlu_worker_exit(void);

#endif /* MLU_WORKER_H */
