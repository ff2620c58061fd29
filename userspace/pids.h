/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PIDS_H
#define MU_PIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct mu_pids - the PIDs of option -p
 * @pid: the PIDs
 * @nr: number of @pid
 * @capacity: allocated elements of @pid
 */
struct mu_pids {
	pid_t *pid;
	size_t nr;
	size_t capacity;
};

int mu_pids_add(struct mu_pids *pids, const char *text, bool own_word);
int mu_pids_check_interval(const struct mu_pids *pids, const char *word, uint64_t ms);
void mu_pids_free(struct mu_pids *pids);

#endif
