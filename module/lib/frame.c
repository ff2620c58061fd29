// SPDX-License-Identifier: GPL-2.0-only
/*
 * frame: apply an unwind rule to the registers of a frame, see frame.h.
 *
 * The return address is computed first: if it is missing or cannot be read, nothing is changed.
 * Then come the registers that the rule lists; all others follow the ABI. A register that cannot be
 * computed is unknown in all further frames, which only matters if a rule needs it.
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "frame_internal.h"

/* One application of a rule. */
struct rule_context {
	const struct mlu_cfi *cfi;
	const struct mlu_cfi_rule *rule;
	const struct mlu_memory *memory;
	u64 cfa;
};

/* @slot: where the return address is, 0 if it is not in memory; @pc: its value. */
static enum mlu_frame_result read_return(const struct rule_context *c,
					 const struct mlu_registers *regs, u64 *slot, u64 *pc)
{
	static const struct mlu_cfi_saved by_abi = { .reg = MLU_CFI_RA,
						     .how = MLU_CFI_AT_OFFSET,
						     .value = MLU_CFI_RA_OFFSET };
	/* If the rule lists the return address, it is the last register. */
	const struct mlu_cfi_saved *ra = c->rule->nr ? &c->rule->saved[c->rule->nr - 1] : &by_abi;
	enum mlu_frame_result result = MLU_FRAME_OK;

	if (ra->reg != MLU_CFI_RA)
		ra = &by_abi;
	*slot = 0;
	switch (ra->how) {
	case MLU_CFI_UNDEFINED:
		return MLU_FRAME_END;
	case MLU_CFI_AT_OFFSET:
		*slot = c->cfa + (s64)ra->value;
		break;
	case MLU_CFI_AT_EXPRESSION:
		result = mlu_frame_evaluate(c->cfi, ra->value, c->memory, regs, &c->cfa, slot);
		break;
	case MLU_CFI_IS_OFFSET:
		*pc = c->cfa + (s64)ra->value;
		break;
	case MLU_CFI_IN_REGISTER:
		result = mlu_frame_get(regs, ra->value, c->memory, pc);
		break;
	case MLU_CFI_IS_EXPRESSION:
		result = mlu_frame_evaluate(c->cfi, ra->value, c->memory, regs, &c->cfa, pc);
		break;
	default:
		return MLU_FRAME_REGISTER;
	}
	if (result != MLU_FRAME_OK)
		return result;
	if (*slot && !mlu_memory_read(c->memory, *slot, pc))
		return MLU_FRAME_FAULT;
	return *pc ? MLU_FRAME_OK : MLU_FRAME_END;
}

/* @old: the frame's registers before any was changed. What is not computed here is unknown. */
static void apply_saved(const struct rule_context *c, const struct mlu_cfi_saved *saved,
			const struct mlu_registers *old, struct mlu_registers *regs)
{
	unsigned int reg = saved->reg, from = saved->value;
	u64 value;

	regs->known &= ~BIT(reg);
	switch (saved->how) {
	case MLU_CFI_AT_OFFSET:
	case MLU_CFI_IS_OFFSET:
		mlu_frame_set(regs, reg, c->cfa + (s64)saved->value,
			      saved->how == MLU_CFI_AT_OFFSET);
		break;
	case MLU_CFI_SAME:
		from = reg;
		fallthrough;
	case MLU_CFI_IN_REGISTER:
		if (from < MLU_CFI_NR_REGS && old->known & BIT(from))
			mlu_frame_set(regs, reg, old->value[from], old->saved & BIT(from));
		break;
	case MLU_CFI_AT_EXPRESSION:
	case MLU_CFI_IS_EXPRESSION:
		if (!mlu_frame_evaluate(c->cfi, saved->value, c->memory, old, &c->cfa, &value))
			mlu_frame_set(regs, reg, value, saved->how == MLU_CFI_AT_EXPRESSION);
		break;
	}
}

/* Few rules read registers besides the CFA's: only these need the values from before. */
static bool reads_registers(const struct mlu_cfi_rule *rule)
{
	unsigned int i;

	for (i = 0; i < rule->nr; i++)
		if (rule->saved[i].how != MLU_CFI_AT_OFFSET &&
		    rule->saved[i].how != MLU_CFI_IS_OFFSET &&
		    rule->saved[i].how != MLU_CFI_UNDEFINED)
			return true;
	return false;
}

static void apply_rule(const struct rule_context *c, const struct mlu_registers *old,
		       struct mlu_registers *regs)
{
	unsigned int i;

	regs->known &= MLU_CFI_CALLEE_SAVED;
	mlu_frame_set(regs, MLU_CFI_SP, c->cfa, false);
	for (i = 0; i < c->rule->nr; i++)
		if (c->rule->saved[i].reg != MLU_CFI_RA)
			apply_saved(c, &c->rule->saved[i], old, regs);
}

/* Out of line, as the copy is large and rarely needed. */
static noinline void apply_with_copy(const struct rule_context *c, struct mlu_registers *regs)
{
	const struct mlu_registers old = *regs;

	apply_rule(c, &old, regs);
}

/**
 * mlu_frame_by_rule() - go to the caller by an unwind rule
 * @cfi: the section that the rule is from, which contains its expressions
 * @rule: the rule of this frame's address
 * @memory: the stack
 * @regs: this frame's registers, then the caller's; unchanged unless the result is MLU_FRAME_OK
 *
 * Return: MLU_FRAME_OK, or why there is no caller.
 */
enum mlu_frame_result mlu_frame_by_rule(const struct mlu_cfi *cfi, const struct mlu_cfi_rule *rule,
					const struct mlu_memory *memory, struct mlu_registers *regs)
{
	struct rule_context c = { .cfi = cfi, .rule = rule, .memory = memory };
	enum mlu_frame_result result;
	u64 slot, pc = 0;

	if (rule->cfa_expression) {
		result = mlu_frame_evaluate(cfi, rule->cfa_value, memory, regs, NULL, &c.cfa);
	} else {
		result = mlu_frame_get(regs, rule->cfa_reg, memory, &c.cfa);
		c.cfa += (s64)rule->cfa_value;
	}
	if (result != MLU_FRAME_OK)
		return result;
	result = read_return(&c, regs, &slot, &pc);
	if (result != MLU_FRAME_OK)
		return result;
	if (pc == regs->pc && regs->known & BIT(MLU_CFI_SP) && !(regs->saved & BIT(MLU_CFI_SP)) &&
	    c.cfa == regs->value[MLU_CFI_SP])
		return MLU_FRAME_STUCK;
	if (reads_registers(rule))
		apply_with_copy(&c, regs);
	else
		apply_rule(&c, regs, regs);
	regs->pc = pc;
	regs->slot = slot;
	regs->interrupted = rule->signal;
	return MLU_FRAME_OK;
}
