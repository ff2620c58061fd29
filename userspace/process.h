/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PROCESS_H
#define MU_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/**
 * struct mu_process - a handle of a process
 * @pid: its PID
 * @proc: its directory in /proc
 * @pidfd: becomes readable when it exits
 */
struct mu_process {
	pid_t pid;
	int proc;
	int pidfd;
};

bool mu_process_open_quietly(struct mu_process *process, pid_t pid);
bool mu_process_open(struct mu_process *process, pid_t pid);
void mu_process_close(struct mu_process *process);
FILE *mu_process_maps(const struct mu_process *process);
char *mu_process_name(const struct mu_process *process);

#endif
