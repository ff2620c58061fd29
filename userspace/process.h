/* SPDX-License-Identifier: GPL-2.0-only */
/* The process we look at, held so that another one with its PID is never taken for it. */
#ifndef MU_PROCESS_H
#define MU_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct mu_process {
	pid_t pid; /* of the process, whichever thread was named */
	int proc;  /* its directory in /proc */
	int pidfd;
};

/* False: there is none, said so. */
bool mu_process_open(struct mu_process *process, pid_t pid);
void mu_process_close(struct mu_process *process);

/* The text of /proc/PID/maps, or NULL. */
FILE *mu_process_maps(const struct mu_process *process);

/* Its name as it is now, safe to print, to be freed. */
char *mu_process_name(const struct mu_process *process);

#endif
