/* SPDX-License-Identifier: GPL-2.0-only */
/* The worker: the only component that inserts and removes probes. */
#ifndef MLU_WORKER_H
#define MLU_WORKER_H

#include "request.h"

int mlu_worker_run(struct mlu_request *request);
void mlu_worker_close_session(struct mlu_session *session);

/**
 * struct mlu_worker_ops - notifications about the list of targets
 * @target_added: the target is in the list and may be read
 * @target_removed: the target is no longer in the list
 *
 * Both are called in the worker, without a lock.
 */
struct mlu_worker_ops {
	void (*target_added)(struct mlu_target *target);
	void (*target_removed)(struct mlu_target *target);
};

int mlu_worker_init(const struct mlu_worker_ops *ops, unsigned int max_targets,
		    unsigned int max_ended);
void mlu_worker_exit(void);

#endif /* MLU_WORKER_H */
