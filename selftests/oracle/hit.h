/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hit: a thread of somebody else's program, stopped at its next call of a function, and once more
 * when the call has come back.
 *
 * By debug registers: they leave the code as it is, so that a probe at the very same instruction is
 * none the wiser.  One thread at a time; the others run on.
 */
#ifndef MLU_ORACLE_HIT_H
#define MLU_ORACLE_HIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

/*
 * Stops @tid where it comes to @pc, at most @ms milliseconds from now.  False: it did not, or has
 * ended; it is let go.
 */
bool hit_call(pid_t tid, uint64_t pc, unsigned int ms, struct user_regs_struct *regs);

/* Lets it run until the function into which @regs have just been called has returned. */
bool hit_return(pid_t tid, unsigned int ms, struct user_regs_struct *regs);

/* Lets it go. */
void hit_done(pid_t tid);

#endif /* MLU_ORACLE_HIT_H */
