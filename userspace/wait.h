/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for the next table, a signal, the end of a process, or a stop of the command. */
#ifndef MU_WAIT_H
#define MU_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mu_wake {
	MU_TIME,   /* the deadline has come */
	MU_SIGNAL, /* one of those that end the tool */
	MU_CHILD,  /* SIGCHLD: the command has stopped or ended */
	MU_EXITED, /* a process has ended */
};

/**
 * mu_wait_init() - have signals waited for
 *
 * From now on Ctrl-C, SIGTERM, SIGHUP (unless it is ignored, as under nohup) and SIGCHLD wake
 * mu_wait() instead of ending the tool.
 *
 * Return: a descriptor for mu_wait(), or -1, having said why.
 */
int mu_wait_init(void);

/* Processes to wait for: their pidfds, -1 for one that is not waited for. */
struct mu_waited {
	int *pidfd;
	size_t nr;
};

/**
 * mu_wait() - wait until something happens
 * @signals: what mu_wait_init() gave
 * @waited: processes
 * @deadline: of mu_wait_clock()
 * @which: the index of the process, if MU_EXITED is returned
 */
enum mu_wake mu_wait(int signals, const struct mu_waited *waited, uint64_t deadline, size_t *which);

/* CLOCK_MONOTONIC in milliseconds. */
uint64_t mu_wait_clock(void);

#endif
