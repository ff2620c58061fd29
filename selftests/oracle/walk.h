/* SPDX-License-Identifier: GPL-2.0-only */
/* walk: walks the stack of a stopped thread in the same way as the module. */
#ifndef MLU_ORACLE_WALK_H
#define MLU_ORACLE_WALK_H

#include <sys/types.h>
#include <sys/user.h>

#include "frame.h"

#define MAX_FRAMES 256

/**
 * struct frames - the frames of a stack
 * @nr: how many
 * @pc: their addresses, the innermost first
 * @end: why the walk ended
 */
struct frames {
	unsigned int nr;
	u64 pc[MAX_FRAMES];
	const char *end;
};

struct process;

struct process *process_new(pid_t pid);
void process_free(struct process *process);
bool process_is_current(struct process *process);
pid_t process_any_thread(pid_t pid);
bool process_has_code(struct process *process, u64 pc);
bool process_is_trampoline(struct process *process, u64 pc);
void walk(struct process *process, const struct user_regs_struct *regs, struct frames *frames);

#endif /* MLU_ORACLE_WALK_H */
