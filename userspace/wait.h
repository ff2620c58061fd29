/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_WAIT_H
#define MU_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * enum mu_wake - why mu_wait() returned
 * @MU_TIME: the deadline has passed
 * @MU_SIGNAL: a signal that ends the tool
 * @MU_CHILD: SIGCHLD, the command has stopped or ended
 * @MU_EXITED: a process has exited
 * @MU_RESIZED: the size of the terminal has changed
 */
enum mu_wake {
	MU_TIME,
	MU_SIGNAL,
	MU_CHILD,
	MU_EXITED,
	MU_RESIZED,
};

/**
 * struct mu_waited - processes to wait for
 * @pidfd: their pidfds, -1 for a process that is not waited for
 * @nr: number of @pidfd
 */
struct mu_waited {
	int *pidfd;
	size_t nr;
};

int mu_wait_init(void);
void mu_wait_add_resize(int signals);
enum mu_wake mu_wait(int signals, const struct mu_waited *waited, uint64_t deadline, size_t *which);
uint64_t mu_wait_clock(void);

#endif
