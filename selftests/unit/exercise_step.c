// SPDX-License-Identifier: GPL-2.0-only
/* exercise_step: an instruction is executed on saved registers, see exercise.h. */
#include "exercise.h"
#include "step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/ptrace.h>

#define must(condition) must_hold(condition, #condition, __LINE__)

static void must_hold(bool holds, const char *condition, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, line, condition);
	abort();
}

/* What no instruction changes, and where the next one is. */
static void check_executed(const struct mlu_step_insn *step, const struct pt_regs *before,
			   const struct pt_regs *after)
{
	const unsigned long status_flags = 0x8d5;

	must(after->ip == before->ip + step->len);
	must(!((after->flags ^ before->flags) & ~status_flags));
	must(after->orig_ax == before->orig_ax);
	must(after->cs == before->cs && after->ss == before->ss);
	must(mlu_step_allocates_frame(step) ? after->sp < before->sp : after->sp == before->sp);
}

/**
 * exercise_step() - decode and execute an instruction; abort if an invariant of step.h is broken
 * @code: the instruction, and others
 * @len: its length
 */
void exercise_step(const u8 *code, size_t len)
{
	struct pt_regs before, after;
	struct mlu_step_insn step, same;

	if (!mlu_step_decode(code, len, &step))
		return;
	must(step.len && step.len <= len && step.len <= 15);
	must(mlu_step_decode(code, step.len, &same) && !memcmp(&step, &same, sizeof(step)));
	must(!mlu_step_decode(code, step.len - 1, &same));
	must(step.operation <= MLU_STEP_TEST);
	must(step.first <= MLU_STEP_ADDRESS && step.second <= MLU_STEP_ADDRESS);
	must(step.first_register < 16 && step.second_register < 16);
	must(step.base <= MLU_STEP_RIP && step.index < 16 && step.scale < 4);
	must(step.first == MLU_STEP_REGISTER || mlu_step_changes_flags_only(&step));
	/* No constant is larger than this stack pointer. */
	memset(&before, 0x80, sizeof(before));
	after = before;
	mlu_step_execute(&step, &after, mlu_step_address(&step, &after));
	check_executed(&step, &before, &after);
}
