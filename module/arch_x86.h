/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86-64: where a function's arguments, its result and its return address are.
 *
 * Source: System V ABI, AMD64 supplement, 3.2 (function calling sequence).  All of it holds at a
 * probe on the function's first instruction, or behind instructions that touch neither arguments
 * nor stack pointer (see place.h), and at the return from it.
 */
#ifndef MLU_ARCH_X86_H
#define MLU_ARCH_X86_H

#include <linux/mm_types.h>
#include <linux/ptrace.h>
#include <linux/uprobes.h>

#include <asm/vdso.h>

#include "lib/frame.h"

static inline unsigned long mlu_arch_arg(const struct pt_regs *regs, unsigned int n)
{
	switch (n) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	default:
		return regs->cx;
	}
}

static inline unsigned long mlu_arch_result(const struct pt_regs *regs)
{
	return regs->ax;
}

/* posix_memalign() and munmap() give an int: the upper half of the register means nothing. */
static inline int mlu_arch_result_int(const struct pt_regs *regs)
{
	return (int)regs->ax;
}

/* The stack pointer at entry names a call: it is the address of the return slot. */
static inline unsigned long mlu_arch_entry_sp(const struct pt_regs *regs)
{
	return regs->sp;
}

/* The same for the call that has just returned: ret has popped the slot. */
static inline unsigned long mlu_arch_returned_sp(const struct pt_regs *regs)
{
	return regs->sp - sizeof(long);
}

static inline unsigned long mlu_arch_pc(const struct pt_regs *regs)
{
	return regs->ip;
}

/*
 * The caller's registers, as they are when a call will have returned or has just done so: of those
 * that a function has to leave alone, and of the stack pointer.
 */
static inline void mlu_arch_callers(const struct pt_regs *regs, unsigned long pc, unsigned long sp,
				    struct mlu_registers *caller)
{
	caller->pc = pc;
	caller->value[MLU_CFI_RSP] = sp;
	caller->value[MLU_CFI_RBX] = regs->bx;
	caller->value[MLU_CFI_RBP] = regs->bp;
	caller->value[12] = regs->r12;
	caller->value[13] = regs->r13;
	caller->value[14] = regs->r14;
	caller->value[15] = regs->r15;
	caller->known = BIT(MLU_CFI_SP) | MLU_CFI_CALLEE_SAVED;
	caller->saved = 0;
	caller->interrupted = false;
	caller->slot = 0;
}

/* The vdso's image that the kernel maps into this mm; NULL: none. */
static inline const void *mlu_arch_vdso(const struct mm_struct *mm, size_t *size)
{
	const struct vdso_image *image = mm->context.vdso_image;

	if (!image)
		return NULL;
	*size = image->size;
	return image->data;
}

static inline bool mlu_arch_is_32bit(struct task_struct *task)
{
	return test_tsk_thread_flag(task, TIF_ADDR32);
}

static inline bool mlu_arch_is_breakpoint(const void *bytes)
{
	return *(const u8 *)bytes == UPROBE_SWBP_INSN;
}

#endif /* MLU_ARCH_X86_H */
