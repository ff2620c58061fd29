/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups of targets: opened and closed, and their members completed. */
#ifndef MLU_FOLLOW_H
#define MLU_FOLLOW_H

#include "group.h"
#include "request.h"

int mlu_follow_prepare(struct mlu_request *request);
void mlu_follow_open(struct mlu_group *group, struct mlu_target *target);
int mlu_follow_all(struct mlu_request *request);
int mlu_follow_complete(struct mlu_target *target, work_func_t end_work,
			struct workqueue_struct *wq);
void mlu_follow_cancel(struct mlu_group *group);
void mlu_follow_close_bound(const struct mlu_session *session);
void mlu_follow_reap(void);

#endif /* MLU_FOLLOW_H */
