// SPDX-License-Identifier: GPL-2.0-only
/*
 * frame: from a frame's registers to its caller's, see frame.h.
 *
 * The return address comes first: if there is none, or it cannot be had, nothing is changed.  Then
 * the registers that the rule tells of; all others are as the ABI has it.  A register that cannot
 * be had is unknown from there on, which is no matter as long as no rule needs it.
 */
#include <linux/bits.h>
#include <linux/string.h>

#include "frame_internal.h"

/* What a function leaves to its caller as it was (System V ABI, AMD64 supplement, figure 3.4). */
#define CALLEE_SAVED (BIT(MLU_CFI_RBX) | BIT(MLU_CFI_RBP) | BIT(12) | BIT(13) | BIT(14) | BIT(15))

static void forget(struct mlu_registers *regs, unsigned int reg)
{
	regs->known &= ~BIT(reg);
}

/* === By rule === */

/* What a rule is applied to. */
struct context {
	const struct mlu_cfi *cfi;
	const struct mlu_cfi_rule *rule;
	const struct mlu_memory *memory;
	u64 cfa;
};

static enum mlu_frame_result find_cfa(struct context *c, const struct mlu_registers *regs)
{
	enum mlu_frame_result result;

	if (c->rule->cfa_expression)
		return mlu_frame_evaluate(c->cfi, c->rule->cfa_value, c->memory, regs, NULL,
					  &c->cfa);
	result = mlu_frame_get(regs, c->rule->cfa_reg, c->memory, &c->cfa);
	c->cfa += (s64)c->rule->cfa_value;
	return result;
}

/* Where the return address is, or what it is, by all but the usual ways. */
static enum mlu_frame_result find_return(const struct context *c, const struct mlu_registers *regs,
					 const struct mlu_cfi_saved *ra, u64 *slot, u64 *pc)
{
	switch (ra->how) {
	case MLU_CFI_UNDEFINED:
		return MLU_FRAME_END;
	case MLU_CFI_AT_OFFSET:
		*slot = c->cfa + (s64)ra->value;
		return MLU_FRAME_OK;
	case MLU_CFI_AT_EXPRESSION:
		return mlu_frame_evaluate(c->cfi, ra->value, c->memory, regs, &c->cfa, slot);
	case MLU_CFI_IS_OFFSET:
		*pc = c->cfa + (s64)ra->value;
		return MLU_FRAME_OK;
	case MLU_CFI_IN_REGISTER:
		return mlu_frame_get(regs, ra->value, c->memory, pc);
	case MLU_CFI_IS_EXPRESSION:
		return mlu_frame_evaluate(c->cfi, ra->value, c->memory, regs, &c->cfa, pc);
	default:
		return MLU_FRAME_REGISTER;
	}
}

/* The return address is the last register, if it is told of. */
static enum mlu_frame_result read_return(const struct context *c, const struct mlu_registers *regs,
					 u64 *slot, u64 *pc)
{
	const struct mlu_cfi_saved *last = c->rule->nr ? &c->rule->saved[c->rule->nr - 1] : NULL;
	enum mlu_frame_result result = MLU_FRAME_OK;

	*slot = 0;
	if (last && last->reg == MLU_CFI_RA)
		result = find_return(c, regs, last, slot, pc);
	else
		*slot = c->cfa - sizeof(u64);
	if (result != MLU_FRAME_OK)
		return result;
	if (*slot && !mlu_memory_read(c->memory, *slot, pc))
		return MLU_FRAME_FAULT;
	return *pc ? MLU_FRAME_OK : MLU_FRAME_END;
}

/* A register's new state from @old, which is the frame's before anything was changed. */
static void apply_one(const struct context *c, const struct mlu_cfi_saved *saved,
		      const struct mlu_registers *old, struct mlu_registers *regs)
{
	unsigned int reg = saved->reg, from = saved->value;
	u64 value;

	switch (saved->how) {
	case MLU_CFI_AT_OFFSET:
		mlu_frame_set(regs, reg, c->cfa + (s64)saved->value, true);
		return;
	case MLU_CFI_IS_OFFSET:
		mlu_frame_set(regs, reg, c->cfa + (s64)saved->value, false);
		return;
	case MLU_CFI_SAME:
		from = reg;
		fallthrough;
	case MLU_CFI_IN_REGISTER:
		forget(regs, reg);
		if (from < MLU_CFI_NR_REGS && old->known & BIT(from))
			mlu_frame_set(regs, reg, old->value[from], old->saved & BIT(from));
		return;
	case MLU_CFI_AT_EXPRESSION:
	case MLU_CFI_IS_EXPRESSION:
		forget(regs, reg);
		if (!mlu_frame_evaluate(c->cfi, saved->value, c->memory, old, &c->cfa, &value))
			mlu_frame_set(regs, reg, value, saved->how == MLU_CFI_AT_EXPRESSION);
		return;
	default:
		forget(regs, reg);
	}
}

/* Most rules look at no register but the CFA's: then nobody misses what was there before. */
static bool looks_back(const struct mlu_cfi_rule *rule)
{
	unsigned int i;

	for (i = 0; i < rule->nr; i++)
		if (rule->saved[i].how != MLU_CFI_AT_OFFSET &&
		    rule->saved[i].how != MLU_CFI_IS_OFFSET &&
		    rule->saved[i].how != MLU_CFI_UNDEFINED)
			return true;
	return false;
}

static void apply(const struct context *c, const struct mlu_registers *old,
		  struct mlu_registers *regs)
{
	unsigned int i;

	regs->known &= CALLEE_SAVED;
	mlu_frame_set(regs, MLU_CFI_RSP, c->cfa, false);
	for (i = 0; i < c->rule->nr; i++)
		if (c->rule->saved[i].reg != MLU_CFI_RA)
			apply_one(c, &c->rule->saved[i], old, regs);
}

/* Out of line: a copy of all registers is large, and rare. */
static noinline void apply_with_copy(const struct context *c, struct mlu_registers *regs)
{
	const struct mlu_registers old = *regs;

	apply(c, &old, regs);
}

enum mlu_frame_result mlu_frame_by_rule(const struct mlu_cfi *cfi, const struct mlu_cfi_rule *rule,
					const struct mlu_memory *memory, struct mlu_registers *regs)
{
	struct context c = { .cfi = cfi, .rule = rule, .memory = memory };
	enum mlu_frame_result result = find_cfa(&c, regs);
	u64 slot, pc = 0;

	if (result != MLU_FRAME_OK)
		return result;
	result = read_return(&c, regs, &slot, &pc);
	if (result != MLU_FRAME_OK)
		return result;
	if (pc == regs->pc && regs->known & BIT(MLU_CFI_RSP) && !(regs->saved & BIT(MLU_CFI_RSP)) &&
	    c.cfa == regs->value[MLU_CFI_RSP])
		return MLU_FRAME_STUCK;
	if (looks_back(rule))
		apply_with_copy(&c, regs);
	else
		apply(&c, regs, regs);
	regs->pc = pc;
	regs->slot = slot;
	regs->interrupted = rule->signal;
	return MLU_FRAME_OK;
}

/* === By the frame pointer === */

/*
 * A frame begins with the caller's frame pointer, the return address above it.  What else this code
 * has saved, nobody knows.
 */
enum mlu_frame_result mlu_frame_by_pointer(const struct mlu_memory *memory, u64 limit,
					   struct mlu_registers *regs)
{
	u64 fp, sp, next, pc;
	enum mlu_frame_result result = mlu_frame_get(regs, MLU_CFI_RBP, memory, &fp);

	if (result == MLU_FRAME_OK && !fp)
		return MLU_FRAME_END;
	if (result == MLU_FRAME_OK)
		result = mlu_frame_get(regs, MLU_CFI_RSP, memory, &sp);
	if (result != MLU_FRAME_OK)
		return result == MLU_FRAME_REGISTER ? MLU_FRAME_POINTER : result;
	if (fp < sp || fp % sizeof(u64) || fp >= limit || limit - fp < 2 * sizeof(u64))
		return MLU_FRAME_POINTER;
	if (!mlu_memory_read(memory, fp, &next) || !mlu_memory_read(memory, fp + sizeof(u64), &pc))
		return MLU_FRAME_FAULT;
	if (!pc)
		return MLU_FRAME_END;
	regs->known = 0;
	mlu_frame_set(regs, MLU_CFI_RBP, next, false);
	mlu_frame_set(regs, MLU_CFI_RSP, fp + 2 * sizeof(u64), false);
	regs->pc = pc;
	regs->slot = fp + sizeof(u64);
	regs->interrupted = false;
	return MLU_FRAME_OK;
}

/* === By what a signal saved === */

bool mlu_frame_is_sigreturn(const struct mlu_memory *memory, u64 pc)
{
	static const u8 sigreturn[] = {
		0x48, 0xc7, 0xc0, 15, 0, 0, 0, /* mov $15, %rax */
		0x0f, 0x05,		       /* syscall */
	};
	u64 word;

	/* Nine bytes are two words, which overlap; the first says no nearly always. */
	return mlu_memory_read(memory, pc, &word) && !memcmp(&word, sigreturn, sizeof(word)) &&
	       mlu_memory_read(memory, pc + 1, &word) &&
	       !memcmp(&word, sigreturn + 1, sizeof(word));
}

/* Of struct ucontext: behind uc_flags, uc_link and uc_stack begins struct sigcontext. */
#define UCONTEXT_REGISTERS 40
#define UCONTEXT_PC (UCONTEXT_REGISTERS + 16 * sizeof(u64))

enum mlu_frame_result mlu_frame_by_signal(const struct mlu_memory *memory,
					  struct mlu_registers *regs)
{
	/* r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, by DWARF's numbers. */
	static const u8 order[MLU_CFI_NR_REGS] = { 8, 9, 10, 11, 12, 13, 14, 15,
						   5, 4, 6,  3,	 1,  0,	 2,  7 };
	unsigned int i;
	u64 context, pc;
	enum mlu_frame_result result = mlu_frame_get(regs, MLU_CFI_RSP, memory, &context);

	if (result != MLU_FRAME_OK)
		return result;
	if (!mlu_memory_read(memory, context + UCONTEXT_PC, &pc))
		return MLU_FRAME_FAULT;
	if (!pc)
		return MLU_FRAME_END;
	for (i = 0; i < MLU_CFI_NR_REGS; i++)
		mlu_frame_set(regs, order[i], context + UCONTEXT_REGISTERS + i * sizeof(u64), true);
	regs->pc = pc;
	regs->slot = context + UCONTEXT_PC;
	regs->interrupted = true;
	return MLU_FRAME_OK;
}
