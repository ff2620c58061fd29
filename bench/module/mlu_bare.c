// SPDX-License-Identifier: GPL-2.0-only
/*
 * mlu_bare: probes with empty handlers, to measure the cost of the probes alone.
 *
 * While the module is loaded, one process has a breakpoint and a return probe on malloc and a
 * breakpoint on free, at the addresses given as parameters: the functions' first instructions, or
 * the places that memleak_user chooses.
 *
 * Context: handlers run in the process, without locks. The filter is called with the mmap_lock of
 * some process held, and only compares a pointer. Init and exit may sleep.
 *
 * Lifetime: mmgrab() keeps the mm's pointer from being reused until exit. Each consumer holds a
 * reference on its inode until it is unregistered.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include "compat.h"

static int pid;
module_param(pid, int, 0444);
MODULE_PARM_DESC(pid, "PID of the process");

static unsigned long malloc_at;
module_param(malloc_at, ulong, 0444);
MODULE_PARM_DESC(malloc_at, "address of the breakpoint for malloc, in the process");

static unsigned long free_at;
module_param(free_at, ulong, 0444);
MODULE_PARM_DESC(free_at, "address of the breakpoint for free, in the process");

static struct mm_struct *target;

static MLU_UPROBE_FILTER(is_target)
{
	return mm == target;
}

static MLU_UPROBE_HANDLER(on_entry)
{
	return 0;
}

static MLU_UPROBE_RETURN(on_return)
{
	return 0;
}

static struct mlu_consumer on_malloc = {
	.uc = { .handler = on_entry, .ret_handler = on_return, .filter = is_target },
};

static struct mlu_consumer on_free = {
	.uc = { .handler = on_entry, .filter = is_target },
};

/* Find the inode and the offset that are mapped at @addr. Takes a reference on the inode. */
static int locate_addr(struct mlu_consumer *c, unsigned long addr)
{
	struct vm_area_struct *vma;
	int err = -ENOENT;

	mmap_read_lock(target);
	vma = find_vma(target, addr);
	if (vma && vma->vm_start <= addr && vma->vm_file) {
		c->inode = igrab(file_inode(vma->vm_file));
		c->offset = addr - vma->vm_start + ((loff_t)vma->vm_pgoff << PAGE_SHIFT);
		err = c->inode ? 0 : -ESTALE;
	}
	mmap_read_unlock(target);
	return err;
}

static int probe_addr(struct mlu_consumer *c, unsigned long addr)
{
	int err = locate_addr(c, addr);

	if (err)
		return err;
	err = mlu_uprobe_register(c);
	if (err)
		iput(c->inode);
	return err;
}

static void unprobe_addr(struct mlu_consumer *c)
{
	mlu_uprobe_unregister_nosync(c);
	mlu_uprobe_sync();
	iput(c->inode);
}

static int probe_both(void)
{
	int err = probe_addr(&on_free, free_at);

	if (err)
		return err;
	err = probe_addr(&on_malloc, malloc_at);
	if (err)
		unprobe_addr(&on_free);
	return err;
}

/* The mm of the process, with a reference on its users. */
static struct mm_struct *mm_of(int nr)
{
	struct pid *of = find_get_pid(nr);
	struct task_struct *task = get_pid_task(of, PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	put_pid(of);
	return mm;
}

static int __init mlu_bare_init(void)
{
	int err;

	target = mm_of(pid);
	if (!target)
		return -ESRCH;
	mmgrab(target);
	err = probe_both();
	mmput(target);
	if (err)
		mmdrop(target);
	return err;
}

static void __exit mlu_bare_exit(void)
{
	unprobe_addr(&on_malloc);
	unprobe_addr(&on_free);
	mmdrop(target);
}

module_init(mlu_bare_init);
module_exit(mlu_bare_exit);

MODULE_DESCRIPTION("Empty uprobes on malloc and free, to compare with");
MODULE_AUTHOR("memleak_user maintainers");
MODULE_LICENSE("GPL");
