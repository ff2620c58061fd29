/* SPDX-License-Identifier: GPL-2.0-only */
/* Libraries that a target maps after its attach. */
#ifndef MLU_LATE_H
#define MLU_LATE_H

#include "target.h"

bool mlu_late_has_work(struct mlu_target *target);
bool mlu_late_poll(struct mlu_target *target);

#endif /* MLU_LATE_H */
