/* SPDX-License-Identifier: GPL-2.0-only */
/* How a process becomes a target, and how it ends to be one. */
#ifndef MLU_ATTACH_H
#define MLU_ATTACH_H

#include "request.h"

struct mlu_target *mlu_attach(struct mlu_request *request, void (*ended)(struct work_struct *),
			      struct workqueue_struct *wq);
void mlu_detach(struct mlu_target *const *targets, unsigned int nr);

#endif /* MLU_ATTACH_H */
