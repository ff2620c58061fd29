/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * step: decode an instruction under a breakpoint, and execute it on the saved registers.
 *
 * The kernel copies an instruction that it does not emulate and single-steps it out of line: a
 * second exception. A probe's handler can execute the instruction itself and move ip behind it; the
 * uprobe core then skips it. What functions begin with is simple: moves, lea, arithmetic without
 * carry and logic of registers and immediates, compares, nops and endbr64. A memory operand is only
 * read, and relative to ip or to a register. Anything else is refused.
 *
 * Of the instructions that change the stack pointer only those are accepted that subtract a
 * constant from it: a function allocates its frame.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: chapter 2
 * (prefixes, ModRM), chapters 3 to 5 (the instructions and their flags); volume 1: 3.4.1.1 (results
 * of 32 bits are zero-extended).
 *
 * Pure: bytes and registers in, registers out; no state, no locks, any context. The caller reads
 * the target's memory. The bytes are hostile: whatever they are, no other bytes are read, and only
 * the general registers, ip and the status flags are changed.
 */
#ifndef MLU_STEP_H
#define MLU_STEP_H

#include <linux/types.h>

struct pt_regs;

/**
 * enum mlu_step_operation - what an instruction does with its operands
 * @MLU_STEP_NOP: nothing
 * @MLU_STEP_MOVE: the first becomes the second
 * @MLU_STEP_ADD: the first becomes their sum
 * @MLU_STEP_OR: the first becomes their bitwise or
 * @MLU_STEP_AND: the first becomes their bitwise and
 * @MLU_STEP_SUB: the first becomes their difference
 * @MLU_STEP_XOR: the first becomes their exclusive or
 * @MLU_STEP_COMPARE: as MLU_STEP_SUB, but only flags are changed
 * @MLU_STEP_TEST: as MLU_STEP_AND, but only flags are changed
 */
enum mlu_step_operation {
	MLU_STEP_NOP,
	MLU_STEP_MOVE,
	MLU_STEP_ADD,
	MLU_STEP_OR,
	MLU_STEP_AND,
	MLU_STEP_SUB,
	MLU_STEP_XOR,
	MLU_STEP_COMPARE,
	MLU_STEP_TEST,
};

/* Registers are numbered as in instructions; ip follows them, as the base of an address. */
#define MLU_STEP_RSP 4
#define MLU_STEP_RIP 16

/**
 * enum mlu_step_operand - an operand
 * @MLU_STEP_REGISTER: a register
 * @MLU_STEP_IMMEDIATE: the immediate
 * @MLU_STEP_MEMORY: the memory at the address
 * @MLU_STEP_ADDRESS: the address itself, as of lea
 */
enum mlu_step_operand {
	MLU_STEP_REGISTER,
	MLU_STEP_IMMEDIATE,
	MLU_STEP_MEMORY,
	MLU_STEP_ADDRESS,
};

/**
 * struct mlu_step_insn - a decoded instruction
 * @len: its length
 * @operation: enum mlu_step_operation
 * @size: bytes of the operands: 1, 2, 4 or 8
 * @first: enum mlu_step_operand of the first one in Intel's order, the destination
 * @second: enum mlu_step_operand of the second one
 * @first_register: number of its register, if it is one
 * @second_register: number of its register, if it is one
 * @base: the register that the address is relative to
 * @index: a register that is added to it, shifted by @scale bits; MLU_STEP_RSP: none
 * @scale: see @index
 * @displacement: the address's distance from it
 * @immediate: sign-extended
 */
struct mlu_step_insn {
	u8 len;
	u8 operation;
	u8 size;
	u8 first;
	u8 second;
	u8 first_register;
	u8 second_register;
	u8 base;
	u8 index;
	u8 scale;
	s32 displacement;
	u64 immediate;
};

/* Return: true if the instruction changes no register. */
static inline bool mlu_step_changes_flags_only(const struct mlu_step_insn *step)
{
	return step->operation == MLU_STEP_COMPARE || step->operation == MLU_STEP_TEST ||
	       step->operation == MLU_STEP_NOP;
}

/* Return: true if the instruction subtracts a constant from the stack pointer. */
static inline bool mlu_step_allocates_frame(const struct mlu_step_insn *step)
{
	return !mlu_step_changes_flags_only(step) && step->first_register == MLU_STEP_RSP;
}

/* Return: true if the instruction reads memory. */
static inline bool mlu_step_reads_memory(const struct mlu_step_insn *step)
{
	return step->first == MLU_STEP_MEMORY || step->second == MLU_STEP_MEMORY;
}

bool mlu_step_decode(const u8 *code, size_t len, struct mlu_step_insn *step);
unsigned long mlu_step_address(const struct mlu_step_insn *step, const struct pt_regs *regs);
void mlu_step_execute(const struct mlu_step_insn *step, struct pt_regs *regs, u64 memory);

#endif /* MLU_STEP_H */
