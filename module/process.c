// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process of the machine: threads that come and go, and the mm that they have until one of them
 * execs.
 *
 * A target is an mm and the thread group that had it at the attach.  Whether the two still belong
 * together is asked here.
 *
 * Contexts: any that may take a task's lock; the threads are walked under RCU.  An mm is compared
 * and not followed by who holds no reference on its users.
 */
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "arch.h"
#include "compat.h"
#include "process.h"

/*
 * mlu_process_get() - the process that a PID or TID means
 * @kernel: set if it is a kernel thread
 *
 * Any thread that still has an mm will do: a process may live on without its leader.
 *
 * Return: whether there is one.
 */
bool mlu_process_get(struct mlu_process *process, struct pid *pid, bool *kernel)
{
	struct task_struct *task, *thread;

	memset(process, 0, sizeof(*process));
	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	*kernel = task && task->flags & PF_KTHREAD;
	if (!task || *kernel)
		goto out;
	for_each_thread(task, thread) {
		process->mm = get_task_mm(thread);
		if (!process->mm)
			continue;
		process->task = get_task_struct(thread);
		process->pid = get_pid(task_tgid(thread));
		break;
	}
out:
	rcu_read_unlock();
	return process->mm;
}

/** mlu_process_put() - Context: may sleep; its mm may end here */
void mlu_process_put(struct mlu_process *process)
{
	put_pid(process->pid);
	put_task_struct(process->task);
	mmput(process->mm);
}

/** mlu_process_why_not() - why it must not be traced, or NULL */
const char *mlu_process_why_not(const struct mlu_process *process)
{
	struct task_struct *thread;
	const char *why = NULL;

	if (mlu_arch_is_32bit(process->task))
		return "it is a 32-bit program";
	rcu_read_lock();
	for_each_thread(process->task, thread) {
		why = mlu_task_dies_of_return_probe(thread);
		if (why)
			break;
	}
	rcu_read_unlock();
	return why;
}

/*
 * mlu_process_thread() - a thread of the group @pid that has @mm now, with a reference, or NULL
 *
 * It may lose it at any moment.
 */
struct task_struct *mlu_process_thread(struct pid *pid, const struct mm_struct *mm)
{
	struct task_struct *leader, *thread, *found = NULL;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (!leader)
		goto out;
	for_each_thread(leader, thread) {
		if (READ_ONCE(thread->mm) != mm)
			continue;
		found = get_task_struct(thread);
		break;
	}
out:
	rcu_read_unlock();
	return found;
}

/** mlu_process_has_execed() - has the group @pid, which had @mm, another one now? */
bool mlu_process_has_execed(struct pid *pid, const struct mm_struct *mm)
{
	struct task_struct *leader, *thread;
	const struct mm_struct *has;
	bool another = false;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	if (!leader)
		goto out;
	for_each_thread(leader, thread) {
		has = READ_ONCE(thread->mm);
		another |= has && has != mm;
	}
out:
	rcu_read_unlock();
	return another;
}
