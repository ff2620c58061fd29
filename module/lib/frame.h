/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame: the registers of one frame to those of its caller.
 *
 * By an unwind rule, by the frame pointer, or by what the kernel saved for a signal handler.  Pure
 * but for one door, mlu_memory_read(), which each build brings along: the module reads the target's
 * stack with page faults off, or a copy of it; the host's oracle reads what it wants.
 *
 * Registers that a frame has saved are not read before somebody needs them: a rule says where they
 * are, and most walks need none but the stack pointer.
 *
 * Sources: DWARF 5, 2.5 (expressions) and 6.4.4 (unwinding); System V ABI, AMD64 supplement, 3.2.1
 * (which registers a call leaves alone), 3.2.2 (frame pointers); the kernel's
 * arch/x86/include/uapi/asm/sigcontext.h and ucontext.h (what a signal saves).
 *
 * Context: any, entered from handlers; nothing here sleeps or allocates.
 */
#ifndef MLU_FRAME_H
#define MLU_FRAME_H

#include "cfi.h"

/* Where the words of a stack are read. */
struct mlu_memory {
	const u8 *copy; /* NULL: the memory itself */
	u64 start;	/* of the copy: its address there */
	u64 size;
	u32 holes; /* a bit for each page of it, the first is that of @start: not there */
};

/* A word at @addr; false: it is not to be had.  The door: see above. */
bool mlu_memory_read(const struct mlu_memory *memory, u64 addr, u64 *word);

struct mlu_registers {
	u64 pc;
	u64 value[MLU_CFI_NR_REGS]; /* or, with its bit in @saved, where it is */
	u16 known;
	u16 saved;
	bool interrupted; /* pc is the next instruction, not what a call returns to */
	u64 slot;	  /* where pc was read, 0: nowhere */
};

enum mlu_frame_result {
	MLU_FRAME_OK,
	MLU_FRAME_END,	      /* there is no caller */
	MLU_FRAME_FAULT,      /* memory that is not to be had */
	MLU_FRAME_REGISTER,   /* the rule needs one that is not known */
	MLU_FRAME_EXPRESSION, /* an operation that is not known, or a stack of wrong height */
	MLU_FRAME_POINTER,    /* a frame pointer that is none */
	MLU_FRAME_STUCK,      /* the caller would be this frame again */
};

/* The address whose rule, line and function are this frame's: of the call, not behind it. */
static inline u64 mlu_frame_lookup(const struct mlu_registers *regs)
{
	return regs->pc - !regs->interrupted;
}

/**
 * mlu_frame_is_made_by_hand() - has no call written the return address of this frame?
 * @regs: the frame's
 * @rule: what was looked up for it; of a rule that is not there, @behind alone
 *
 * makecontext() and its like write the address of a function's first byte below the function that
 * a coroutine begins with, some the one after it.  Such a frame has no caller.
 *
 * Return: true if it is such a frame.
 */
static inline bool mlu_frame_is_made_by_hand(const struct mlu_registers *regs,
					     const struct mlu_cfi_rule *rule)
{
	return !regs->interrupted && rule->behind != MLU_CFI_ANY_BYTE;
}

/*
 * mlu_frame_by_rule() - go to the caller
 * @cfi: where the rule is from; its expressions are there
 * @regs: this frame's, then the caller's; unchanged but for @saved if there is none
 */
enum mlu_frame_result mlu_frame_by_rule(const struct mlu_cfi *cfi, const struct mlu_cfi_rule *rule,
					const struct mlu_memory *memory,
					struct mlu_registers *regs);

/*
 * mlu_frame_by_pointer() - go to the caller by rbp, if it is aligned, above the stack pointer
 * and below @limit, and leads to a higher one; rbp of 0 is the outermost frame
 */
enum mlu_frame_result mlu_frame_by_pointer(const struct mlu_memory *memory, u64 limit,
					   struct mlu_registers *regs);

/*
 * mlu_frame_is_sigreturn() - do the instructions at @pc return from a signal handler?
 *
 * "mov $15, %rax; syscall" as glibc, musl and Go have it: known by their bytes where nobody wrote a
 * rule.
 */
bool mlu_frame_is_sigreturn(const struct mlu_memory *memory, u64 pc);

/* mlu_frame_by_signal() - go to what a signal interrupted; the stack pointer is at its ucontext */
enum mlu_frame_result mlu_frame_by_signal(const struct mlu_memory *memory,
					  struct mlu_registers *regs);

#endif /* MLU_FRAME_H */
