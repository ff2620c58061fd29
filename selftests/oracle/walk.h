/* SPDX-License-Identifier: GPL-2.0-only */
/* walk: a stopped thread's stack, walked as the module walks it. */
#ifndef MLU_ORACLE_WALK_H
#define MLU_ORACLE_WALK_H

#include <sys/types.h>
#include <sys/user.h>

#include "frame.h"

#define MAX_FRAMES 256

/* A walk's frames, and why it went no further. */
struct frames {
	unsigned int nr;
	u64 pc[MAX_FRAMES];
	const char *end;
};

struct process;

/* The executable mappings of a process as they are, and their objects. */
struct process *process_new(pid_t pid);
void process_free(struct process *process);

/* Are the mappings still those? */
bool process_is_current(struct process *process);

/* One of its threads, chosen at random. */
pid_t process_any_thread(pid_t pid);

/* Is there code at @pc? */
bool process_has_code(struct process *process, u64 pc);

/* Is it where functions with probed returns go back to? */
bool process_is_trampoline(struct process *process, u64 pc);

void walk(struct process *process, const struct user_regs_struct *regs, struct frames *frames);

#endif /* MLU_ORACLE_WALK_H */
