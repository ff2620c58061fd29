// SPDX-License-Identifier: GPL-2.0-only
/*
 * frame_x86: from a frame to its caller without unwind data: by rbp, or by what a signal saved.
 *
 * Sources: System V ABI, AMD64 supplement, 3.2.2 (frame pointers); the kernel's
 * arch/x86/include/uapi/asm/sigcontext.h and ucontext.h (what a signal saves).
 *
 * Context: any, called from handlers; does not sleep or allocate.
 */
#include <linux/string.h>

#include "frame_internal.h"

/**
 * mlu_frame_by_pointer() - go to the caller by the frame pointer
 * @memory: the stack
 * @limit: the end of the stack
 * @regs: this frame's, then the caller's; unchanged unless the result is MLU_FRAME_OK
 *
 * The frame pointer must be aligned, not below the stack pointer, and below @limit. It points to
 * the caller's frame pointer, with the return address above it; 0 marks the outermost frame. All
 * registers but the two pointers are unknown afterwards, as this code may have saved any of them.
 *
 * Return: MLU_FRAME_OK, or why there is no caller.
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

/**
 * mlu_frame_is_sigreturn() - do the instructions at an address return from a signal handler
 * @memory: the code
 * @pc: the address
 *
 * Recognizes "mov $15, %rax; syscall", as in glibc, musl and Go, where there is no unwind data.
 *
 * Return: true if they do.
 */
bool mlu_frame_is_sigreturn(const struct mlu_memory *memory, u64 pc)
{
	static const u8 sigreturn[] = {
		0x48, 0xc7, 0xc0, 15, 0, 0, 0, /* mov $15, %rax */
		0x0f, 0x05,		       /* syscall */
	};
	u64 word;

	/* Nine bytes are two overlapping words; the first one nearly always differs. */
	return mlu_memory_read(memory, pc, &word) && !memcmp(&word, sigreturn, sizeof(word)) &&
	       mlu_memory_read(memory, pc + 1, &word) &&
	       !memcmp(&word, sigreturn + 1, sizeof(word));
}

/* In struct ucontext, struct sigcontext follows uc_flags, uc_link and uc_stack. */
#define UCONTEXT_REGISTERS 40
#define UCONTEXT_PC (UCONTEXT_REGISTERS + 16 * sizeof(u64))

/**
 * mlu_frame_by_signal() - go from a signal's return code to the interrupted code
 * @memory: the stack
 * @regs: this frame's, with the stack pointer at the ucontext, then those of the interrupted code;
 *	unchanged unless the result is MLU_FRAME_OK
 *
 * Return: MLU_FRAME_OK, or why there is no caller.
 */
enum mlu_frame_result mlu_frame_by_signal(const struct mlu_memory *memory,
					  struct mlu_registers *regs)
{
	/* r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, by their DWARF numbers. */
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
