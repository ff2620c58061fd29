/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes: their threads and their memory. */
#ifndef MLU_PROCESS_H
#define MLU_PROCESS_H

#include <linux/pid.h>
#include <linux/sched.h>

/**
 * struct mlu_process - a process that is being attached to, with a reference on each member
 * @task: a thread that has @mm
 * @mm: its memory, with a reference on mm_users: it stays alive until mlu_process_put()
 * @pid: the thread group
 */
struct mlu_process {
	struct task_struct *task;
	struct mm_struct *mm;
	struct pid *pid;
};

int mlu_process_get(struct mlu_process *process, struct pid *pid);
void mlu_process_put(struct mlu_process *process);
const char *mlu_process_refusal(const struct mlu_process *process);
const char *mlu_process_kill_reason(const struct mlu_process *process);

struct task_struct *mlu_process_thread(struct pid *pid, const struct mm_struct *mm);
bool mlu_process_has_mm(struct pid *pid, const struct mm_struct *mm);
struct pid *mlu_process_of_current(void);
bool mlu_process_has_execed(struct pid *pid, const struct mm_struct *mm);

#endif /* MLU_PROCESS_H */
