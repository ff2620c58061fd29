/* SPDX-License-Identifier: GPL-2.0-only */
/* The mmu notifier of a target. */
#ifndef MLU_TARGET_WATCH_H
#define MLU_TARGET_WATCH_H

#include "target.h"

int mlu_target_watch(struct mlu_target *target, struct mm_struct *mm, work_func_t end_work,
		     struct workqueue_struct *wq);
void mlu_target_unwatch(struct mlu_target *target);
void mlu_target_watch_exit(void);

#endif /* MLU_TARGET_WATCH_H */
