/* SPDX-License-Identifier: GPL-2.0-only */
/* The children of a process, which are not traced with it. */
#ifndef MU_CHILDREN_H
#define MU_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mu_pid_list {
	pid_t *pid;
	size_t nr;
	size_t room;
};

/**
 * mu_children_report() - say which living children of a process are not traced
 * @told: those of which it has been said; it is brought up to date
 * @parent: the process
 * @traced: PIDs of which it need not be said
 * @nr_traced: how many
 */
void mu_children_report(struct mu_pid_list *told, pid_t parent, const pid_t *traced,
			size_t nr_traced);

/* The children of a process by /proc/PID/task/TID/children; false: this kernel has none. */
bool mu_children_list(struct mu_pid_list *list, pid_t parent);

/* The same by the parent that each process of /proc names. */
void mu_children_scan(struct mu_pid_list *list, pid_t parent);

#endif
