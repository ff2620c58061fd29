/* SPDX-License-Identifier: GPL-2.0-only */
/* The worker: the only component that inserts and removes probes. */
#ifndef MLU_WORKER_H
#define MLU_WORKER_H

#include "request.h"

int mlu_worker_run(struct mlu_request *request);
void mlu_worker_close_session(struct mlu_session *session);

int mlu_worker_init(unsigned int max_targets);
void mlu_worker_exit(void);

#endif /* MLU_WORKER_H */
