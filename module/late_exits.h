/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit probes that are added to a target after its attach. */
#ifndef MLU_LATE_EXITS_H
#define MLU_LATE_EXITS_H

#include <linux/workqueue.h>

void mlu_late_exits_work(struct work_struct *work);

#endif /* MLU_LATE_EXITS_H */
