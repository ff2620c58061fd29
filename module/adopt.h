/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that become targets at their first event. */
#ifndef MLU_ADOPT_H
#define MLU_ADOPT_H

#include "group.h"

struct mlu_probe;

void mlu_adopt_init(struct workqueue_struct *wq, struct work_struct *born_work);
struct mlu_target *mlu_adopt_current(const struct mlu_probe *probe);
bool mlu_adopt_uses(const struct mlu_probe *probe, const struct mm_struct *mm);
struct mlu_target *mlu_adopt_next_born(void);

#endif /* MLU_ADOPT_H */
