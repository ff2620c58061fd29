/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place with checks of the kernel version: older kernels are made to look like the
 * newest.
 *
 * Oldest supported kernel 5.10, tested up to 7.3. Differences between them:
 *
 *   5.11  redirected and emulated system calls have flags of their own (SYSCALL_WORK)
 *   6.1   the maple tree: no version check, since all walks of VMAs use find_vma()
 *   6.6, 6.7  an inode's ctime and mtime are read by functions
 *   6.8   vma->vm_file of overlayfs is a backing file; the path that users see is stored beside it
 *   6.11  the trampoline of a return probe is a system call
 *   6.12  uprobe_register() returns a struct uprobe; unregistering is split into nosync and sync
 *   6.13  handlers get a cookie; an entry handler may decline the return probe
 *   6.18  an instruction whose handler has moved ip is skipped; also in stable updates of others
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

/**
 * struct mlu_consumer - a uprobe consumer and the arguments of its registration
 * @uc: the consumer
 * @inode: the file; the caller keeps it while the consumer is registered
 * @offset: offset of the instruction in the file
 * @ref_ctr: offset of the reference counter in the file; 0: no counter
 * @uprobe: from uprobe_register(), to unregister the consumer
 */
struct mlu_consumer {
	struct uprobe_consumer uc;
	struct inode *inode;
	loff_t offset;
	loff_t ref_ctr;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	struct uprobe *uprobe;
#endif
};

#define to_mlu_consumer(ptr) container_of(ptr, struct mlu_consumer, uc)

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define MLU_UPROBE_HANDLER(name) \
	int name(struct uprobe_consumer *uc, struct pt_regs *regs, __u64 *cookie)
/* The arguments of a handler, to pass them to another one. */
#define MLU_HANDLER_ARGS uc, regs, cookie
#define MLU_UPROBE_RETURN(name)                                                        \
	int name(struct uprobe_consumer *uc, unsigned long func, struct pt_regs *regs, \
		 __u64 *cookie)
#define MLU_RETURN_ARGS uc, func, regs, cookie
/* Returned by an entry handler that declines the return probe for this call. */
#define MLU_HANDLER_NO_RETURN UPROBE_HANDLER_IGNORE
/* An entry handler may decline it for a call that is not recorded. */
#define MLU_CAN_DECLINE_RETURN true
#else
#define MLU_UPROBE_HANDLER(name) int name(struct uprobe_consumer *uc, struct pt_regs *regs)
#define MLU_HANDLER_ARGS uc, regs
#define MLU_UPROBE_RETURN(name) \
	int name(struct uprobe_consumer *uc, unsigned long func, struct pt_regs *regs)
#define MLU_RETURN_ARGS uc, func, regs
/*
 * The core prepares no return probe if all consumers request the breakpoint's removal. Of these
 * kernels only 6.12 may need that; there the breakpoint stays if a filter accepts the mm.
 */
#define MLU_HANDLER_NO_RETURN UPROBE_HANDLER_REMOVE
#define MLU_CAN_DECLINE_RETURN false
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

/* Waits for running handlers: it takes register_rwsem for writing. */
static inline void mlu_uprobe_unregister_nosync(struct mlu_consumer *c)
{
	uprobe_unregister(c->inode, c->offset, &c->uc);
}

static inline void mlu_uprobe_sync(void)
{
}
#endif

/*
 * The pending return probes of current, newest first. Before 6.12 the head of the list points to
 * freed memory while the return handler of a tail call runs.
 */
static inline const struct return_instance *mlu_return_instances(bool in_return_handler)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	if (in_return_handler)
		return NULL;
#endif
	return current->utask ? current->utask->return_instances : NULL;
}

/*
 * Return: true if there are other consumers at the same breakpoint. Called from a handler of the
 * consumer. Before 6.12 only those are seen that were added before it.
 */
static inline bool mlu_has_other_consumers(const struct mlu_consumer *c)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	/* Both are the head of the list if there is no other one. */
	return READ_ONCE(c->uc.cons_node.next) != READ_ONCE(c->uc.cons_node.prev);
#else
	return READ_ONCE(c->uc.next);
#endif
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

/* Return: true if the kernel emulates long nops (0f 1f); insn_is_nop() was added after 6.12. */
static inline bool mlu_kernel_emulates_nops(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0);
}

/*
 * Return: true if the uprobe core skips an instruction whose handler has moved ip. The change is of
 * 6.18 and in stable updates. Otherwise the instruction that the handler has executed is executed
 * again, with the registers that the handler has left.
 */
static inline bool mlu_kernel_skips_moved_ip(void)
{
#define MLU_SINCE(a, b, c)                                \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(a, b, c) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(a, (b) + 1, 0))
	return MLU_SINCE(5, 10, 247) || MLU_SINCE(6, 1, 159) || MLU_SINCE(6, 12, 58) ||
	       LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0);
#undef MLU_SINCE
}

/* Return: true if PR_SET_SYSCALL_USER_DISPATCH redirects the task's system calls to itself. */
static inline bool mlu_task_dispatches_syscalls(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return test_task_syscall_work(task, SYSCALL_USER_DISPATCH);
#else
	return false;
#endif
}

/* Return: true if a tracer emulates the task's system calls (PTRACE_SYSEMU). */
static inline bool mlu_task_has_emulated_syscalls(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return test_task_syscall_work(task, SYSCALL_EMU);
#else
	return test_tsk_thread_flag(task, TIF_SYSCALL_EMU);
#endif
}

/* Return: true if the trampoline of return probes is a system call. */
static inline bool mlu_return_probe_is_syscall(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0);
}

/*
 * Return: true if the task's seccomp filter may refuse the return trampoline of x86-64, which is
 * a system call since 6.11. Fixed in 6.12.14 and 6.13.3.
 */
static inline bool mlu_seccomp_kills_at_return_probe(struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 14)
	return task->seccomp.mode;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 3)
	return task->seccomp.mode;
#else
	return false;
#endif
}

/*
 * Called from entry handlers: the state that the attach has checked may have changed since.
 * Return: true if a return probe would kill current. Before 6.11 the return trampoline is not a
 * system call, so redirecting system calls does no harm.
 */
static inline bool mlu_return_probe_would_kill_current(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	/* As mlu_task_dispatches_syscalls() and mlu_task_has_emulated_syscalls(), in one test. */
	return READ_ONCE(current_thread_info()->syscall_work) &
		       (SYSCALL_WORK_SYSCALL_USER_DISPATCH | SYSCALL_WORK_SYSCALL_EMU) ||
	       mlu_seccomp_kills_at_return_probe(current);
#else
	return false;
#endif
}

#endif /* MLU_COMPAT_H */
