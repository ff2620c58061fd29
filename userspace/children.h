/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_CHILDREN_H
#define MU_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct mu_pid_list - a list of PIDs
 * @pid: the PIDs
 * @nr: number of @pid
 * @capacity: allocated elements of @pid
 */
struct mu_pid_list {
	pid_t *pid;
	size_t nr;
	size_t capacity;
};

void mu_children_report(struct mu_pid_list *reported, pid_t parent, const pid_t *traced,
			size_t nr_traced);
bool mu_children_list(struct mu_pid_list *list, pid_t parent);
void mu_children_scan(struct mu_pid_list *list, pid_t parent);

#endif
