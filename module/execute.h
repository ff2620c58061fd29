/* SPDX-License-Identifier: GPL-2.0-only */
/* execute: execute the instruction under a breakpoint in the probe's handler. */
#ifndef MLU_EXECUTE_H
#define MLU_EXECUTE_H

struct mlu_consumer;
struct mlu_step_insn;
struct pt_regs;

void mlu_execute(const struct mlu_consumer *consumer, const struct mlu_step_insn *step,
		 struct pt_regs *regs);

#endif /* MLU_EXECUTE_H */
