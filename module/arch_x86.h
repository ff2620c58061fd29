/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch_x86: arguments, result, return slot and caller's registers of a probed call.
 *
 * Source: System V ABI, AMD64 supplement, 3.2 (function calling sequence). All of this applies at a
 * probe on the function's first instruction, or behind instructions that change neither arguments
 * nor stack pointer (see place.h), and at a return probe.
 */
#ifndef MLU_ARCH_X86_H
#define MLU_ARCH_X86_H

#include <linux/mm_types.h>
#include <linux/ptrace.h>
#include <linux/uprobes.h>

#include <asm/prctl.h>
#include <asm/processor-flags.h>
#include <asm/vdso.h>

#include "lib/frame.h"

static inline unsigned long mlu_arch_arg(const struct pt_regs *regs, unsigned int n)
{
	static const u8 offsets[] = {
		offsetof(struct pt_regs, di),
		offsetof(struct pt_regs, si),
		offsetof(struct pt_regs, dx),
		offsetof(struct pt_regs, cx),
	};

	return *(const unsigned long *)((const void *)regs + offsets[n & 3]);
}

static inline unsigned long mlu_arch_result(const struct pt_regs *regs)
{
	return regs->ax;
}

/* posix_memalign() and brk() return an int: the upper half of the register is undefined. */
static inline int mlu_arch_result_int(const struct pt_regs *regs)
{
	return (int)regs->ax;
}

/* The stack pointer at entry identifies a call: it is the address of the return slot. */
static inline unsigned long mlu_arch_entry_sp(const struct pt_regs *regs)
{
	return regs->sp;
}

/* The same for a call that has just returned: ret has popped the slot. */
static inline unsigned long mlu_arch_returned_sp(const struct pt_regs *regs)
{
	return regs->sp - sizeof(long);
}

/* Return: true if the processor also checks return addresses of current with a shadow stack. */
static inline bool mlu_arch_has_shadow_stack(void)
{
#ifdef CONFIG_X86_USER_SHADOW_STACK
	return current->thread.features & ARCH_SHSTK_SHSTK;
#else
	return false;
#endif
}

/*
 * Execute a return instruction: @ret is the word at the stack pointer. Return: false if the
 * processor has to do it, since it would fault.
 */
static __always_inline bool mlu_arch_execute_return(struct pt_regs *regs, unsigned long ret)
{
	if (ret >= TASK_SIZE_MAX)
		return false;
	regs->ip = ret;
	regs->sp += sizeof(long);
	return true;
}

/*
 * Stack pointer and result as they will be when a function has returned that is about to do so, or,
 * if @is_first, that is about to jump to a function that returns its first argument.
 */
static inline void mlu_arch_set_returned(struct pt_regs *regs, bool is_first)
{
	if (is_first)
		regs->ax = regs->di;
	regs->sp += sizeof(long);
}

static inline unsigned long mlu_arch_pc(const struct pt_regs *regs)
{
	return regs->ip;
}

static inline unsigned long mlu_arch_fp(const struct pt_regs *regs)
{
	return regs->bp;
}

/* The caller's registers as of the call's return: callee-saved ones and the stack pointer. */
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

/* Return: true if the program has asked the processor to check the alignment of its accesses. */
static inline bool mlu_arch_checks_alignment(const struct pt_regs *regs)
{
	return regs->flags & X86_EFLAGS_AC;
}

/* The address that the vdso is mapped at; 0 if it is not mapped. */
static inline unsigned long mlu_arch_vdso_start(const struct mm_struct *mm)
{
	return (unsigned long)mm->context.vdso;
}

/* The image of the vdso that the kernel maps into this mm, or NULL. */
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

/* Can a call instruction that ends at @ret have @callee in it? It has a distance of 32 bits. */
static inline bool mlu_arch_may_call_directly(unsigned long ret, unsigned long callee)
{
	return (long)(callee - ret) == (s32)(callee - ret);
}

static inline bool mlu_arch_is_breakpoint(const void *bytes)
{
	return *(const u8 *)bytes == UPROBE_SWBP_INSN;
}

#endif /* MLU_ARCH_X86_H */
