/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hit: stops a thread of another program at its next call of a function, and again when the call
 * has returned.
 *
 * Uses debug registers, which leave the code unchanged, so that a uprobe at the same instruction is
 * not disturbed. One thread at a time is stopped; the others continue to run.
 */
#ifndef MLU_ORACLE_HIT_H
#define MLU_ORACLE_HIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

bool hit_call(pid_t tid, uint64_t pc, unsigned int ms, struct user_regs_struct *regs);
bool hit_return(pid_t tid, unsigned int ms, struct user_regs_struct *regs);
void hit_done(pid_t tid);

#endif /* MLU_ORACLE_HIT_H */
