// SPDX-License-Identifier: GPL-2.0-only
/*
 * step_execute_x86: execute a decoded instruction on the saved registers, see step.h.
 *
 * Source: Intel SDM, volume 1, 3.4.3.1 (status flags), appendix A (flags by instruction).
 *
 * Context: any. No locks, no state.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/ptrace.h>

#include "step.h"

#define FLAG_CARRY BIT(0)
#define FLAG_PARITY BIT(2)
#define FLAG_ADJUST BIT(4)
#define FLAG_ZERO BIT(6)
#define FLAG_SIGN BIT(7)
#define FLAG_OVERFLOW BIT(11)
#define STATUS_FLAGS \
	(FLAG_CARRY | FLAG_PARITY | FLAG_ADJUST | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW)

/* Where the registers are saved, by their numbers in instructions; ip behind them. */
static const u8 offsets[] = {
	offsetof(struct pt_regs, ax),  offsetof(struct pt_regs, cx),  offsetof(struct pt_regs, dx),
	offsetof(struct pt_regs, bx),  offsetof(struct pt_regs, sp),  offsetof(struct pt_regs, bp),
	offsetof(struct pt_regs, si),  offsetof(struct pt_regs, di),  offsetof(struct pt_regs, r8),
	offsetof(struct pt_regs, r9),  offsetof(struct pt_regs, r10), offsetof(struct pt_regs, r11),
	offsetof(struct pt_regs, r12), offsetof(struct pt_regs, r13), offsetof(struct pt_regs, r14),
	offsetof(struct pt_regs, r15), offsetof(struct pt_regs, ip),
};

static unsigned long read_register(const struct pt_regs *regs, u8 number)
{
	return *(const unsigned long *)((const void *)regs + offsets[number]);
}

/* One or two bytes are merged into the register; four bytes are zero-extended. */
static void write_register(struct pt_regs *regs, u8 number, u64 value, u8 size)
{
	unsigned long *reg = (void *)regs + offsets[number];

	if (size >= 4)
		*reg = value;
	else
		*reg = (*reg & ~(BIT(8 * size) - 1)) | value;
}

static u64 operand_value(const struct mlu_step_insn *step, const struct pt_regs *regs, u8 operand,
			 u8 number, u64 memory)
{
	switch (operand) {
	case MLU_STEP_IMMEDIATE:
		return step->immediate;
	case MLU_STEP_MEMORY:
		return memory;
	case MLU_STEP_ADDRESS:
		return mlu_step_address(step, regs);
	}
	return read_register(regs, number);
}

/* The result of arithmetic or logic, and its status flags. Logic clears the adjust flag. */
static u64 compute_result(u8 operation, u64 a, u64 b, u64 mask, unsigned long *flags)
{
	u64 sign = (mask >> 1) + 1, overflow = 0, result;
	bool carry = false, adjust = false;
	u8 low;

	switch (operation) {
	case MLU_STEP_ADD:
		result = (a + b) & mask;
		carry = result < a;
		overflow = ~(a ^ b) & (a ^ result);
		adjust = (a ^ b ^ result) & 0x10;
		break;
	case MLU_STEP_SUB:
	case MLU_STEP_COMPARE:
		result = (a - b) & mask;
		carry = a < b;
		overflow = (a ^ b) & (a ^ result);
		adjust = (a ^ b ^ result) & 0x10;
		break;
	case MLU_STEP_OR:
		result = a | b;
		break;
	case MLU_STEP_XOR:
		result = a ^ b;
		break;
	default:
		result = a & b;
		break;
	}
	/* The parity is that of the lowest byte, and set if it is even. */
	low = result ^ result >> 4;
	low ^= low >> 2;
	low ^= low >> 1;
	*flags = (carry ? FLAG_CARRY : 0) | (low & 1 ? 0 : FLAG_PARITY) |
		 (adjust ? FLAG_ADJUST : 0) | (result ? 0 : FLAG_ZERO) |
		 (result & sign ? FLAG_SIGN : 0) | (overflow & sign ? FLAG_OVERFLOW : 0);
	return result;
}

/**
 * mlu_step_address() - compute the address of an instruction's memory operand
 * @step: the instruction
 * @regs: the registers before it is executed
 *
 * Return: the address; meaningless if there is no such operand.
 */
unsigned long mlu_step_address(const struct mlu_step_insn *step, const struct pt_regs *regs)
{
	unsigned long address = read_register(regs, step->base) + step->displacement;

	if (step->base == MLU_STEP_RIP)
		address += step->len;
	if (step->index != MLU_STEP_RSP)
		address += read_register(regs, step->index) << step->scale;
	return address;
}

/**
 * mlu_step_execute() - execute an instruction
 * @step: the instruction
 * @regs: the registers; ip is moved behind the instruction
 * @memory: the memory at mlu_step_address(), if it reads memory; bytes behind the operand are
 *	ignored
 */
void mlu_step_execute(const struct mlu_step_insn *step, struct pt_regs *regs, u64 memory)
{
	u64 mask = step->size == 8 ? ~0ULL : (1ULL << 8 * step->size) - 1, first, second, result;
	unsigned long flags;

	if (step->operation == MLU_STEP_NOP) {
		regs->ip += step->len;
		return;
	}
	second = operand_value(step, regs, step->second, step->second_register, memory) & mask;
	if (step->operation == MLU_STEP_MOVE) {
		result = second;
	} else {
		first = operand_value(step, regs, step->first, step->first_register, memory) & mask;
		result = compute_result(step->operation, first, second, mask, &flags);
		regs->flags = (regs->flags & ~STATUS_FLAGS) | flags;
	}
	if (!mlu_step_changes_flags_only(step))
		write_register(regs, step->first_register, result, step->size);
	regs->ip += step->len;
}
