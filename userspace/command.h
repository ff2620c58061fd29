/* SPDX-License-Identifier: GPL-2.0-only */
/* A command of our own, stopped before the first instruction that is its. */
#ifndef MLU_COMMAND_H
#define MLU_COMMAND_H

#include <sys/types.h>

/*
 * Starts the command line and runs it to its entry point, where it stays
 * stopped. 0 with *pid, or the exit status of the tool, having said why.
 */
int mlu_command_start(const char *line, pid_t *pid);

/* Lets it run, no longer traced by us: it lives on when the tool ends. */
void mlu_command_release(pid_t pid);

/* Ends it where it stands: it has done nothing yet. */
void mlu_command_kill(pid_t pid);

/* If it has ended, says how when that was not plain success. */
void mlu_command_reap(pid_t pid);

#endif
