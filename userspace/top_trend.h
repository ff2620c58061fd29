/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_TREND_H
#define MU_TOP_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "top_series.h"
#include "top_snapshot.h"

/* The processes of a cgroup that its row names. */
#define MU_TOP_ROW_PIDS 8
/* Time until the memory is full if it does not become full. */
#define MU_TOP_NEVER UINT64_MAX

/**
 * struct mu_top_row - a process, or the processes of a cgroup
 * @pid: the process; of a cgroup, its processes that grow most
 * @nr_pids: number of @pid
 * @start: start time of the process
 * @name: its name, with any bytes
 * @cgroup: path of the cgroup, with any bytes
 * @processes: number of processes
 * @bytes: its memory
 * @trend: its trend
 * @full_ms: time until neither memory nor swap is left to it; MU_TOP_NEVER if it does not grow
 * @allocator: set by the caller: what can be traced; NULL if it was not examined
 */
struct mu_top_row {
	pid_t pid[MU_TOP_ROW_PIDS];
	size_t nr_pids;
	uint64_t start;
	const char *name;
	const char *cgroup;
	size_t processes;
	uint64_t bytes;
	struct mu_top_trend trend;
	uint64_t full_ms;
	const char *allocator;
};

/**
 * struct mu_top_machine_trend - how the memory of the machine has changed
 * @now: the last sample
 * @available: trend of the available memory
 * @swap: of the used swap
 * @slab: of the kernel's objects
 * @shmem: of tmpfs
 * @oom_kills: of the number of killed processes
 */
struct mu_top_machine_trend {
	struct mu_top_machine now;
	struct mu_top_trend available, swap, slab, shmem, oom_kills;
};

struct mu_top_trends;

struct mu_top_trends *mu_top_trends_new(void);
void mu_top_trends_free(struct mu_top_trends *t);
void mu_top_trends_add(struct mu_top_trends *t, const struct mu_top_snapshot *s);
size_t mu_top_trends_samples(const struct mu_top_trends *t);
struct mu_top_row *mu_top_trends_rank(const struct mu_top_trends *t, bool by_cgroup, size_t *nr);
struct mu_top_machine_trend mu_top_trends_machine(const struct mu_top_trends *t);

#endif
