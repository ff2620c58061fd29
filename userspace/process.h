/* SPDX-License-Identifier: GPL-2.0-only */
/* The process we look at, held so that another one with its PID is never taken for it. */
#ifndef MLU_PROCESS_H
#define MLU_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct mlu_process {
	pid_t pid; /* of the process, whichever thread was named */
	int proc;  /* its directory in /proc */
	int pidfd;
};

/* False: there is none, said so. */
bool mlu_process_open(struct mlu_process *process, pid_t pid);
void mlu_process_close(struct mlu_process *process);

/* The text of /proc/PID/maps, or NULL. */
FILE *mlu_process_maps(const struct mlu_process *process);

/* Its name as it is now, safe to print, to be freed. */
char *mlu_process_name(const struct mlu_process *process);

#endif
