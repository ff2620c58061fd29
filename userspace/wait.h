/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for the next table, a signal, the end of a process, or a stop of the command. */
#ifndef MLU_WAIT_H
#define MLU_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mlu_wake {
	MLU_TIME,   /* the deadline has come */
	MLU_SIGNAL, /* one of those that end the tool */
	MLU_CHILD,  /* SIGCHLD: the command has stopped or ended */
	MLU_EXITED, /* a process has ended */
};

/**
 * mlu_wait_begin() - have signals waited for
 *
 * From now on Ctrl-C, SIGTERM, SIGHUP (unless it is ignored, as under nohup) and SIGCHLD wake
 * mlu_wait() instead of ending the tool.
 *
 * Return: a descriptor for mlu_wait(), or -1, having said why.
 */
int mlu_wait_begin(void);

/* Processes to wait for: their pidfds, -1 for one that is not waited for. */
struct mlu_waited {
	int *pidfd;
	size_t nr;
};

/**
 * mlu_wait() - wait until something happens
 * @signals: what mlu_wait_begin() gave
 * @waited: processes
 * @deadline: of mlu_wait_clock()
 * @which: the index of the process, if MLU_EXITED is returned
 */
enum mlu_wake mlu_wait(int signals, const struct mlu_waited *waited, uint64_t deadline,
		       size_t *which);

/* CLOCK_MONOTONIC in milliseconds. */
uint64_t mlu_wait_clock(void);

#endif
