/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that change a target's address space, and what the mmu notifier says of it. */
#ifndef MLU_MAPPINGS_H
#define MLU_MAPPINGS_H

#include "inflight.h"
#include "target.h"

struct pt_regs;

void mlu_mappings_read_call(struct mlu_call *call, const struct pt_regs *regs);
void mlu_mappings_settle(struct mlu_target *target, struct mlu_epoch *epoch, struct mlu_call *call,
			 const struct pt_regs *regs);
void mlu_mappings_unmap(struct mlu_target *target, unsigned long start, unsigned long end);
void mlu_mappings_recheck(struct mlu_target *target, struct mm_struct *mm);

#endif /* MLU_MAPPINGS_H */
