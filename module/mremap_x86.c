// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recognize the system call mremap from within it, by the registers that current has entered the
 * kernel with.
 *
 * Context: Any. Nothing here sleeps or takes a lock.
 */
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <asm/processor.h>
#include <asm/unistd.h>

#include "mremap.h"

/**
 * mlu_is_in_mremap() - is current executing the system call mremap?
 * @mremap: set to its arguments
 *
 * Return: true if it is.
 */
bool mlu_is_in_mremap(struct mlu_mremap *mremap)
{
	const struct pt_regs *regs;

	if (current->flags & PF_KTHREAD)
		return false;
	regs = task_pt_regs(current);
	if (regs->orig_ax != __NR_mremap)
		return false;
	mremap->from = regs->di;
	mremap->old_size = regs->si;
	mremap->new_size = regs->dx;
	mremap->flags = regs->r10;
	return true;
}
