/* SPDX-License-Identifier: GPL-2.0-only */
/* A process of the machine: its memory and who has it. */
#ifndef MLU_PROCESS_H
#define MLU_PROCESS_H

#include <linux/pid.h>
#include <linux/sched.h>

/* One that is looked at, with references. */
struct mlu_process {
	struct task_struct *task; /* a thread that has the mm */
	struct mm_struct *mm;	  /* on its users: it does not go meanwhile */
	struct pid *pid;	  /* of the thread group */
};

bool mlu_process_get(struct mlu_process *process, struct pid *pid, bool *kernel);
void mlu_process_put(struct mlu_process *process);
const char *mlu_process_why_not(const struct mlu_process *process);

struct task_struct *mlu_process_thread(struct pid *pid, const struct mm_struct *mm);
bool mlu_process_has_execed(struct pid *pid, const struct mm_struct *mm);

#endif /* MLU_PROCESS_H */
