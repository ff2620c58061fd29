/* SPDX-License-Identifier: GPL-2.0-only */
/* Attach: make a process a target. Detach: remove its probes. */
#ifndef MLU_ATTACH_H
#define MLU_ATTACH_H

#include "request.h"

struct mlu_target *mlu_attach(struct mlu_request *request, work_func_t end_work,
			      struct workqueue_struct *wq);
void mlu_detach(struct mlu_target *const *targets, unsigned int nr);

#endif /* MLU_ATTACH_H */
