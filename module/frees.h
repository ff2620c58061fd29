/* SPDX-License-Identifier: GPL-2.0-only */
/* Handle the blocks that calls free. */
#ifndef MLU_FREES_H
#define MLU_FREES_H

#include "target.h"

struct pt_regs;

void mlu_frees_take(struct mlu_epoch *epoch, struct mlu_call *call, unsigned long addr);
void mlu_frees_settle(struct mlu_epoch *epoch, const struct mlu_call *call,
		      const struct pt_regs *regs, unsigned long block);
bool mlu_frees_at_once(struct mlu_epoch *epoch, unsigned long addr);

#endif /* MLU_FREES_H */
