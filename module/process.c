// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes: threads that start and exit, and the mm that they share until one of them execs.
 *
 * A target is an mm together with the thread group that had it at the attach. The functions here
 * find out whether the two still belong together.
 *
 * Context: Any context that may take a task's lock. Threads are walked under RCU. Without a
 * reference on mm_users, an mm pointer is only compared, never dereferenced.
 */
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "arch.h"
#include "compat.h"
#include "process.h"

/**
 * mlu_process_get() - look up the process of a PID or TID
 * @process: filled in on success
 * @pid: any thread of the process
 *
 * Any thread that still has an mm is good enough: a process can outlive its leader.
 *
 * Context: Process context. May sleep.
 * Return: 0, -ENOENT for a kernel thread, -ESRCH if the process has exited.
 */
int mlu_process_get(struct mlu_process *process, struct pid *pid)
{
	struct task_struct *task, *thread;
	int err = -ESRCH;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	if (!task)
		goto out;
	if (task->flags & PF_KTHREAD) {
		err = -ENOENT;
		goto out;
	}
	for_each_thread(task, thread) {
		process->mm = get_task_mm(thread);
		if (!process->mm)
			continue;
		process->task = get_task_struct(thread);
		process->pid = get_pid(task_tgid(thread));
		err = 0;
		break;
	}
out:
	rcu_read_unlock();
	return err;
}

/**
 * mlu_process_put() - drop the references of mlu_process_get()
 * @process: the process
 *
 * Context: Process context. May sleep; the mm may be released here.
 */
void mlu_process_put(struct mlu_process *process)
{
	put_pid(process->pid);
	put_task_struct(process->task);
	mmput(process->mm);
}

static const char *thread_kill_reason(struct task_struct *thread)
{
	if (!mlu_return_probe_is_syscall())
		return NULL;
	if (mlu_task_dispatches_syscalls(thread))
		return "its system calls are redirected (PR_SET_SYSCALL_USER_DISPATCH)";
	if (mlu_task_has_emulated_syscalls(thread))
		return "its system calls are emulated by a tracer (PTRACE_SYSEMU)";
	if (mlu_seccomp_kills_at_return_probe(thread))
		return "it runs under seccomp, which on this kernel kills it at a return probe";
	return NULL;
}

/**
 * mlu_process_refusal() - check whether a process can be traced
 * @process: the process
 *
 * Context: Any. Does not sleep.
 * Return: NULL, or the reason why the process cannot be traced.
 */
const char *mlu_process_refusal(const struct mlu_process *process)
{
	return mlu_arch_is_32bit(process->task) ? "it is a 32-bit program" : NULL;
}

/**
 * mlu_process_kill_reason() - check whether a return probe would end a process
 * @process: the process
 *
 * Context: Any. Does not sleep.
 * Return: NULL, or the reason why it would.
 */
const char *mlu_process_kill_reason(const struct mlu_process *process)
{
	struct task_struct *thread;
	const char *reason = NULL;

	rcu_read_lock();
	for_each_thread(process->task, thread) {
		reason = thread_kill_reason(thread);
		if (reason)
			break;
	}
	rcu_read_unlock();
	return reason;
}

/* Within rcu_read_lock(). Return: a thread of the group that has the mm, or NULL. */
static struct task_struct *find_thread(struct pid *pid, const struct mm_struct *mm)
{
	struct task_struct *leader = pid_task(pid, PIDTYPE_TGID), *thread;

	if (!leader)
		return NULL;
	for_each_thread(leader, thread)
		if (READ_ONCE(thread->mm) == mm)
			return thread;
	return NULL;
}

/**
 * mlu_process_thread() - find a thread that has a given mm
 * @pid: the thread group
 * @mm: the mm; compared only
 *
 * The thread may exit or exec at any moment.
 *
 * Context: Any. Does not sleep.
 * Return: a thread with a reference, or NULL if no thread of the group has the mm.
 */
struct task_struct *mlu_process_thread(struct pid *pid, const struct mm_struct *mm)
{
	struct task_struct *thread;

	rcu_read_lock();
	thread = find_thread(pid, mm);
	if (thread)
		get_task_struct(thread);
	rcu_read_unlock();
	return thread;
}

/**
 * mlu_process_has_mm() - check whether a process still has an mm
 * @pid: the thread group
 * @mm: the mm; compared only
 *
 * Context: Any. Does not sleep.
 * Return: true if a thread of the group has it.
 */
bool mlu_process_has_mm(struct pid *pid, const struct mm_struct *mm)
{
	bool has_mm;

	rcu_read_lock();
	has_mm = find_thread(pid, mm);
	rcu_read_unlock();
	return has_mm;
}

/**
 * mlu_process_of_current() - find the process that current's mm belongs to
 *
 * A child of vfork() has the mm of its parent. An mm has an owner if the kernel accounts memory to
 * cgroups; otherwise it is current's process.
 *
 * Context: Any, within rcu_read_lock(). Does not sleep.
 * Return: the thread group, valid until rcu_read_unlock().
 */
struct pid *mlu_process_of_current(void)
{
#ifdef CONFIG_MEMCG
	struct task_struct *owner = rcu_dereference(current->mm->owner);

	if (owner && READ_ONCE(owner->mm) == current->mm)
		return task_tgid(owner);
#endif
	return task_tgid(current);
}

/**
 * mlu_process_has_execed() - check whether a process has replaced its mm
 * @pid: the thread group
 * @mm: the mm that it had; compared only
 *
 * Context: Any. Does not sleep.
 * Return: true if a thread of the group has another mm now.
 */
bool mlu_process_has_execed(struct pid *pid, const struct mm_struct *mm)
{
	struct task_struct *leader, *thread;
	const struct mm_struct *current_mm;
	bool has_execed = false;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (!leader)
		goto out;
	for_each_thread(leader, thread) {
		current_mm = READ_ONCE(thread->mm);
		has_execed |= current_mm && current_mm != mm;
	}
out:
	rcu_read_unlock();
	return has_execed;
}
