/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel versions, and nowhere else: old kernels are made to look like the newest one.
 *
 * Floor 5.10, tested up to 7.3.  What differs between them:
 *
 *   5.11  what redirects a thread's system calls are flags of their own kind
 *   6.1   the maple tree: no version check, every walk here goes by find_vma()
 *   6.6, 6.7  an inode's times of change are to be read through functions
 *   6.8   vma->vm_file of overlayfs is a backing file, the path that users know is beside it
 *   6.11  the trampoline of a return probe is a system call
 *   6.12  uprobe_register() gives a struct uprobe, unregistering is split in nosync and sync
 *   6.13  handlers get a cookie; one may say that it wants no return
 *   7.0   long nops are emulated
 */
#ifndef MLU_COMPAT_H
#define MLU_COMPAT_H

#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/uprobes.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "memleak_user needs Linux 5.10 or later"
#endif
#if !defined(CONFIG_UPROBES) || !defined(CONFIG_MMU_NOTIFIER)
#error "memleak_user needs CONFIG_UPROBES and CONFIG_MMU_NOTIFIER"
#endif

/* struct uprobe_consumer with what unregistering it needs. */
struct mlu_consumer {
	struct uprobe_consumer uc;
	struct inode *inode;
	loff_t offset;
	loff_t ref_ctr; /* where in the file the reference counter is; 0: none */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	struct uprobe *uprobe;
#endif
};

#define to_mlu_consumer(ptr) container_of(ptr, struct mlu_consumer, uc)

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define MLU_UPROBE_HANDLER(name) \
	int name(struct uprobe_consumer *uc, struct pt_regs *regs, __u64 *cookie)
#define MLU_UPROBE_RETURN(name)                                                        \
	int name(struct uprobe_consumer *uc, unsigned long func, struct pt_regs *regs, \
		 __u64 *cookie)
/* What an entry handler answers that wants no return probe for this call. */
#define MLU_HANDLER_NO_RETURN UPROBE_HANDLER_IGNORE
#else
#define MLU_UPROBE_HANDLER(name) int name(struct uprobe_consumer *uc, struct pt_regs *regs)
#define MLU_UPROBE_RETURN(name) \
	int name(struct uprobe_consumer *uc, unsigned long func, struct pt_regs *regs)
/*
 * None is prepared where all consumers ask for the breakpoint's removal; on 6.12, which alone of
 * these may need it, the breakpoint then stays if a filter wants it.
 */
#define MLU_HANDLER_NO_RETURN UPROBE_HANDLER_REMOVE
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MLU_UPROBE_FILTER(name) bool name(struct uprobe_consumer *uc, struct mm_struct *mm)

static inline int mlu_uprobe_register(struct mlu_consumer *c)
{
	struct uprobe *uprobe = uprobe_register(c->inode, c->offset, c->ref_ctr, &c->uc);

	if (IS_ERR(uprobe))
		return PTR_ERR(uprobe);
	c->uprobe = uprobe;
	return 0;
}

/* The consumer may still be entered until mlu_uprobe_sync() has returned. */
static inline void mlu_uprobe_unregister_nosync(struct mlu_consumer *c)
{
	uprobe_unregister_nosync(c->uprobe, &c->uc);
}

static inline void mlu_uprobe_sync(void)
{
	uprobe_unregister_sync();
}
#else
#define MLU_UPROBE_FILTER(name) \
	bool name(struct uprobe_consumer *uc, enum uprobe_filter_ctx ctx, struct mm_struct *mm)

static inline int mlu_uprobe_register(struct mlu_consumer *c)
{
	return uprobe_register_refctr(c->inode, c->offset, c->ref_ctr, &c->uc);
}

/* Waits for the handlers by itself: register_rwsem is held for writing in it. */
static inline void mlu_uprobe_unregister_nosync(struct mlu_consumer *c)
{
	uprobe_unregister(c->inode, c->offset, &c->uc);
}

static inline void mlu_uprobe_sync(void)
{
}
#endif

/*
 * The return probes that current has pending, newest first.  Before 6.12 the list's head points to
 * freed memory while a return handler of a tail call runs.
 */
static inline const struct return_instance *mlu_return_instances(bool in_return_handler)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	if (in_return_handler)
		return NULL;
#endif
	return current->utask ? current->utask->return_instances : NULL;
}

/* The path of a mapping's file as /proc/PID/maps shows it. */
static inline const struct path *mlu_file_path(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

static inline struct timespec64 mlu_inode_ctime(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return inode_get_ctime(inode);
#else
	return inode->i_ctime;
#endif
}

static inline struct timespec64 mlu_inode_mtime(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return inode_get_mtime(inode);
#else
	return inode->i_mtime;
#endif
}

/* Does this kernel emulate the long nops (0f 1f)?  insn_is_nop() came after 6.12. */
static inline bool mlu_kernel_emulates_nops(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0);
}

/*
 * Would a return probe kill this task?  Its system calls go elsewhere (the return trampoline of
 * x86-64 is one since 6.11), or a seccomp filter refuses it (fixed in 6.13.3).
 */
static inline const char *mlu_task_dies_of_return_probe(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	if (test_task_syscall_work(task, SYSCALL_USER_DISPATCH))
		return "its system calls go to itself (PR_SET_SYSCALL_USER_DISPATCH)";
	if (test_task_syscall_work(task, SYSCALL_EMU))
		return "its system calls are emulated by a tracer (PTRACE_SYSEMU)";
#else
	if (test_tsk_thread_flag(task, TIF_SYSCALL_EMU))
		return "its system calls are emulated by a tracer (PTRACE_SYSEMU)";
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 3)
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 14) || LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	if (task->seccomp.mode)
		return "it runs under seccomp, which on this kernel kills at a return probe";
#endif
#endif
	return NULL;
}

/*
 * The same of current, in an entry handler: what the attach has looked at may have changed since.
 * Before 6.11 the return trampoline is no system call, and nothing happens to it.
 */
static inline bool mlu_current_dies_of_return_probe(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0) &&
	       mlu_task_dies_of_return_probe(current);
}

#endif /* MLU_COMPAT_H */
