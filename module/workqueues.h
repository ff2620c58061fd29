/* SPDX-License-Identifier: GPL-2.0-only */
/* The unbound workqueues; the worker has an ordered one of its own. */
#ifndef MLU_WORKQUEUES_H
#define MLU_WORKQUEUES_H

#include <linux/workqueue.h>

extern struct workqueue_struct *mlu_read_wq;
extern struct workqueue_struct *mlu_close_wq;
extern struct workqueue_struct *mlu_compute_wq;

int mlu_workqueues_init(void);
void mlu_workqueues_exit(void);

#endif /* MLU_WORKQUEUES_H */
