/* SPDX-License-Identifier: GPL-2.0-only */
/* Attach: make a process a target. Detach: remove its probes. */
#ifndef MLU_ATTACH_H
#define MLU_ATTACH_H

#include <linux/jiffies.h>

#include "request.h"

struct mlu_sites;

/* How long an attach waits for files to be read, all in all. */
#define MLU_READ_TIMEOUT (2 * HZ)

struct mlu_target *mlu_attach(struct mlu_request *request, work_func_t end_work,
			      struct workqueue_struct *wq);
int mlu_attach_new(struct mlu_target *target, struct mm_struct *mm, work_func_t end_work,
		   struct workqueue_struct *wq);
int mlu_attach_sites(struct mlu_request *request, struct mlu_target *target,
		     const struct mlu_sites *sites);
void mlu_detach(struct mlu_target *const *targets, unsigned int nr);

#endif /* MLU_ATTACH_H */
