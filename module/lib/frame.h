/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame: compute the registers of a frame's caller.
 *
 * By an unwind rule (frame.c), by the frame pointer, or from what the kernel saved for a signal
 * handler (frame_x86.c). Pure but for mlu_memory_read(), which each build provides: the module's
 * reads the target's stack with page faults off, or a copy of it; the host's oracle has its own.
 *
 * Registers that a frame has saved are not read before they are needed: a rule gives their
 * addresses, and most walks need only the stack pointer.
 *
 * Sources: DWARF 5, 2.5 (expressions) and 6.4.4 (unwinding).
 *
 * Context: any, called from handlers; does not sleep or allocate. No locks.
 */
#ifndef MLU_FRAME_H
#define MLU_FRAME_H

#include "cfi.h"

/**
 * struct mlu_memory - where the words of a stack are read
 * @copy: a copy of the stack, or NULL to read the memory itself
 * @start: address in the target of the copy's first byte
 * @size: size of the copy
 * @holes: a bit for each page of the copy, starting with that of @start: set if it is missing
 */
struct mlu_memory {
	const u8 *copy;
	u64 start;
	u64 size;
	u32 holes;
};

/**
 * struct mlu_registers - the registers of a frame
 * @pc: the next instruction that this frame executes
 * @value: values by DWARF register number or, for those in @saved, addresses of the values
 * @known: bit mask of registers that are known
 * @saved: bit mask of registers that are in memory
 * @interrupted: the frame was interrupted at @pc; otherwise @pc is a call's return address
 * @slot: address where @pc was read, 0 if it was not read from memory
 */
struct mlu_registers {
	u64 pc;
	u64 value[MLU_CFI_NR_REGS];
	u16 known;
	u16 saved;
	bool interrupted;
	u64 slot;
};

/**
 * enum mlu_frame_result - result of a step to the caller
 * @MLU_FRAME_OK: the registers are the caller's
 * @MLU_FRAME_END: this is the outermost frame
 * @MLU_FRAME_FAULT: memory cannot be read
 * @MLU_FRAME_REGISTER: the rule needs a register that is not known
 * @MLU_FRAME_EXPRESSION: unsupported operation, too few or too many operands
 * @MLU_FRAME_POINTER: invalid frame pointer
 * @MLU_FRAME_STUCK: the caller would be this frame again
 */
enum mlu_frame_result {
	MLU_FRAME_OK,
	MLU_FRAME_END,
	MLU_FRAME_FAULT,
	MLU_FRAME_REGISTER,
	MLU_FRAME_EXPRESSION,
	MLU_FRAME_POINTER,
	MLU_FRAME_STUCK,
};

/* The address whose rule, line and function belong to the frame: in the call, not behind it. */
static inline u64 mlu_frame_lookup(const struct mlu_registers *regs)
{
	return regs->pc - !regs->interrupted;
}

/**
 * mlu_frame_is_made_by_hand() - was the frame's return address not written by a call
 * @regs: the frame's registers
 * @rule: the result of the look-up for them; if there is no rule, @rule->behind alone is valid
 *
 * makecontext() and similar functions write the address of a function's first byte, some of its
 * second byte, below the function that a coroutine starts with. Such a frame has no caller.
 *
 * Return: true if so.
 */
static inline bool mlu_frame_is_made_by_hand(const struct mlu_registers *regs,
					     const struct mlu_cfi_rule *rule)
{
	return !regs->interrupted && rule->behind != MLU_CFI_ANY_BYTE;
}

/* Read the word at @addr, false if it cannot be read. Provided by each build, see above. */
bool mlu_memory_read(const struct mlu_memory *memory, u64 addr, u64 *word);

enum mlu_frame_result mlu_frame_by_rule(const struct mlu_cfi *cfi, const struct mlu_cfi_rule *rule,
					const struct mlu_memory *memory,
					struct mlu_registers *regs);
enum mlu_frame_result mlu_frame_by_pointer(const struct mlu_memory *memory, u64 limit,
					   struct mlu_registers *regs);
bool mlu_frame_is_sigreturn(const struct mlu_memory *memory, u64 pc);
enum mlu_frame_result mlu_frame_by_signal(const struct mlu_memory *memory,
					  struct mlu_registers *regs);

#endif /* MLU_FRAME_H */
