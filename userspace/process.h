/* SPDX-License-Identifier: GPL-2.0-only */
/* The process we look at, held so that another one with its PID is never taken for it. */
#ifndef MLU_PROCESS_H
#define MLU_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct mlu_process {
	pid_t pid; /* of the process, whichever thread was named */
	int proc;  /* its directory in /proc */
	int pidfd;
	int signals; /* those that end the tool, to be waited for */
};

/* False: there is none, said so. */
bool mlu_process_open(struct mlu_process *process, pid_t pid);
void mlu_process_close(struct mlu_process *process);

/* The text of /proc/PID/maps, or NULL. */
FILE *mlu_process_maps(const struct mlu_process *process);

/* From now on Ctrl-C, SIGTERM and SIGHUP are waited for instead of ending the tool. */
bool mlu_process_catch_signals(struct mlu_process *process);

enum mlu_wake { MLU_TIME, MLU_SIGNAL, MLU_EXITED };

/* Waits until the deadline, of CLOCK_MONOTONIC in ms, or until one of the others comes. */
enum mlu_wake mlu_process_wait(const struct mlu_process *process, uint64_t deadline);
uint64_t mlu_process_clock(void);

#endif
