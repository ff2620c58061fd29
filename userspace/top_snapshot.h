/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_SNAPSHOT_H
#define MU_TOP_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The bytes that are left to a cgroup without a limit. */
#define MU_TOP_NO_LIMIT UINT64_MAX
/* The kernel's names have 15 bytes; old kernels escape some of them. */
#define MU_TOP_NAME_MAX 64

/**
 * struct mu_top_process - a process that has memory
 * @pid: its PID
 * @start: its start time, which distinguishes processes with the same PID
 * @bytes: its anonymous memory, resident and swapped
 * @cgroup: index of its cgroup in the snapshot
 * @path: of its cgroup, NULL once @cgroup is set
 * @name: its name as it is, with any bytes
 */
struct mu_top_process {
	pid_t pid;
	uint64_t start;
	uint64_t bytes;
	size_t cgroup;
	char *path;
	char name[MU_TOP_NAME_MAX];
};

/**
 * struct mu_top_cgroup - a cgroup that has processes
 * @path: below the mount of cgroup v2; "-" for processes in none
 * @bytes: sum of its processes
 * @nr: number of its processes
 * @left: bytes until its limit, or that of a cgroup above it, or MU_TOP_NO_LIMIT
 */
struct mu_top_cgroup {
	char *path;
	uint64_t bytes;
	size_t nr;
	uint64_t left;
};

/**
 * struct mu_top_machine - the memory of the machine, in bytes
 * @total: all memory
 * @available: MemAvailable
 * @swap_total: size of the swap
 * @swap_used: used part of it
 * @slab: SUnreclaim, memory of the kernel's own objects
 * @shmem: Shmem, files in tmpfs and shared memory
 * @oom_kills: processes that the kernel has killed since boot
 * @has_oom_kills: @oom_kills is known
 * @psi_some: hundredths of a percent of the time in which some task waited for memory, in 10 s
 * @psi_full: the same for all tasks
 * @has_psi: @psi_some and @psi_full are known
 */
struct mu_top_machine {
	uint64_t total, available;
	uint64_t swap_total, swap_used;
	uint64_t slab, shmem;
	uint64_t oom_kills;
	bool has_oom_kills;
	unsigned int psi_some, psi_full;
	bool has_psi;
};

/**
 * struct mu_top_snapshot - the machine and its processes at one time
 * @ms: the time
 * @machine: the machine
 * @processes: sorted by PID
 * @nr: number of @processes
 * @capacity: allocated elements of @processes
 * @cgroups: sorted by path
 * @nr_cgroups: number of @cgroups
 * @unreadable: number of processes without permission to read them
 */
struct mu_top_snapshot {
	uint64_t ms;
	struct mu_top_machine machine;
	struct mu_top_process *processes;
	size_t nr, capacity;
	struct mu_top_cgroup *cgroups;
	size_t nr_cgroups;
	size_t unreadable;
};

bool mu_top_snapshot_read(struct mu_top_snapshot *s, int root, uint64_t ms);
void mu_top_snapshot_free(struct mu_top_snapshot *s);

#endif
