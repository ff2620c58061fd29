// SPDX-License-Identifier: GPL-2.0-only
/*
 * Execute the instruction under a breakpoint in the probe's handler.
 *
 * The uprobe core skips an instruction whose handler has moved ip, so this saves the exception of
 * the single-step. It is done last in the handler, as events need the registers before the
 * instruction. What cannot be done here is left to the core: ip is not moved, and the core
 * single-steps its copy of the instruction.
 *
 * Other tracers with a probe at the same breakpoint must see the registers before the instruction,
 * and the core takes the word at the stack pointer for the return address if one of them has a
 * return probe. So the instruction is left to the core while there are others. Before 6.12 those
 * that were added after ours cannot be seen. Their handlers are called before ours; but their
 * return probes miss the returns if the instruction allocates the frame. The word that is replaced
 * then is not in use yet, so that the program is not harmed.
 *
 * Context: Called from uprobe handlers, in the target's context. Does not sleep, fault or wait.
 */
#include <linux/ptrace.h>

#include "arch.h"
#include "compat.h"
#include "execute.h"
#include "lib/step.h"
#include "umem.h"

/**
 * mlu_execute() - execute an instruction, and move ip behind it
 * @consumer: the probe's consumer
 * @step: the instruction
 * @regs: the registers at its breakpoint
 *
 * The instruction is left to the core also if its memory cannot be read here, or if the processor
 * checks the alignment of the program's accesses.
 */
void mlu_execute(const struct mlu_consumer *consumer, const struct mlu_step_insn *step,
		 struct pt_regs *regs)
{
	unsigned long memory = 0;

	if (mlu_has_other_consumers(consumer))
		return;
	if (mlu_step_reads_memory(step) && (mlu_arch_checks_alignment(regs) ||
					    !mlu_umem_read(mlu_step_address(step, regs), &memory)))
		return;
	mlu_step_execute(step, regs, memory);
}
