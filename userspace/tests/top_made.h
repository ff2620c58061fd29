/* SPDX-License-Identifier: GPL-2.0-only */
/* Made snapshots for the tests of top. */
#ifndef MU_TESTS_TOP_MADE_H
#define MU_TESTS_TOP_MADE_H

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "top_snapshot.h"

#define MIB (1024ULL * 1024)
#define GIB (1024 * MIB)

/* A process of a made snapshot. */
struct made_process {
	pid_t pid;
	uint64_t start;
	uint64_t mib;
	size_t cgroup;
	const char *name;
};

/* A cgroup, in the order of paths. */
struct made_cgroup {
	const char *path;
	uint64_t left;
};

static inline void add_made(struct mu_top_snapshot *s, const struct made_process *made)
{
	struct mu_top_process p = {
		.pid = made->pid,
		.start = made->start,
		.bytes = made->mib * MIB,
		.cgroup = made->cgroup,
	};

	strncpy(p.name, made->name, sizeof(p.name) - 1);
	s->processes = mu_grow(s->processes, s->nr, &s->capacity, sizeof(p));
	s->processes[s->nr++] = p;
	s->cgroups[made->cgroup].bytes += p.bytes;
	s->cgroups[made->cgroup].nr++;
}

/* A machine with 8 GiB available and no swap. Processes end with PID 0, cgroups with NULL. */
static inline struct mu_top_snapshot
make_snapshot(uint64_t ms, const struct made_process *processes, const struct made_cgroup *cgroups)
{
	struct mu_top_snapshot s = {
		.ms = ms,
		.machine = { .total = 16 * GIB, .available = 8 * GIB },
		.cgroups = mu_zalloc(8 * sizeof(struct mu_top_cgroup)),
	};

	for (; cgroups[s.nr_cgroups].path; s.nr_cgroups++) {
		const struct made_cgroup *c = &cgroups[s.nr_cgroups];

		s.cgroups[s.nr_cgroups].path = mu_strndup(c->path, strlen(c->path));
		s.cgroups[s.nr_cgroups].left = c->left;
	}
	for (size_t i = 0; processes[i].pid; i++)
		add_made(&s, &processes[i]);
	return s;
}

#endif
