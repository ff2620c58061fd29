/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_REMOTE_H
#define MU_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct mu_remote - the memory of another process
 * @pid: its PID, or the TID of one of its threads
 * @mem: its /proc/PID/mem, for what its protection forbids to read; -1: not open
 * @deadline_ns: reads fail after this time of mu_clock_ns(); 0: they do not
 */
struct mu_remote {
	pid_t pid;
	int mem;
	uint64_t deadline_ns;
};

uint64_t mu_clock_ns(void);
bool mu_remote_open(struct mu_remote *remote, pid_t pid, int proc);
void mu_remote_close(struct mu_remote *remote);
bool mu_remote_is_late(const struct mu_remote *remote);
bool mu_remote_words(struct mu_remote *remote, uint64_t address, uint64_t *words, size_t nr);
size_t mu_remote_read(struct mu_remote *remote, uint64_t address, void *to, size_t size);

#endif
