// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes and the memory of the machine, read from /proc.
 *
 * A process may exit at any step and is then left out; so are kernel threads and zombies, which
 * have no memory. Depends on top_process.c, top_cgroup.c and top_file.c.
 */
#include "top_snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "text.h"
#include "top_cgroup.h"
#include "top_file.h"
#include "top_process.h"

#define KIB 1024

/* === The machine === */

static uint64_t read_kib(const char *text, const char *name)
{
	uint64_t value;

	return mu_top_field(text, name, &value) ? value * KIB : 0;
}

static void read_meminfo(struct mu_top_machine *m, int root)
{
	char *text = mu_top_read(root, "proc/meminfo");
	uint64_t swap_free;

	if (!text)
		return;
	m->total = read_kib(text, "MemTotal:");
	m->available = read_kib(text, "MemAvailable:");
	m->swap_total = read_kib(text, "SwapTotal:");
	swap_free = read_kib(text, "SwapFree:");
	m->swap_used = m->swap_total > swap_free ? m->swap_total - swap_free : 0;
	m->slab = read_kib(text, "SUnreclaim:");
	m->shmem = read_kib(text, "Shmem:");
	free(text);
}

static void read_vmstat(struct mu_top_machine *m, int root)
{
	char *text = mu_top_read(root, "proc/vmstat");

	m->has_oom_kills = text && mu_top_field(text, "oom_kill", &m->oom_kills);
	free(text);
}

/* The line of the file is "some avg10=1.23 avg60=...". */
static bool take_pressure(const char *text, const char *start, unsigned int *hundredths)
{
	const char *p = strstr(text, start);
	uint64_t whole, part;

	if (!p)
		return false;
	p += strlen(start);
	if (!mu_take_number(&p, &whole) || !mu_take(&p, ".") || !mu_take_number(&p, &part))
		return false;
	*hundredths = whole * 100 + part;
	return true;
}

/* A kernel may be built or booted without it. */
static void read_pressure(struct mu_top_machine *m, int root)
{
	char *text = mu_top_read(root, "proc/pressure/memory");

	m->has_psi = text && take_pressure(text, "some avg10=", &m->psi_some) &&
		     take_pressure(text, "full avg10=", &m->psi_full);
	free(text);
}

/* === Processes === */

static void add_process(struct mu_top_snapshot *s, int proc, pid_t pid)
{
	struct mu_top_process p = { .pid = pid };
	enum mu_top_found found = mu_top_process_read(&p, proc);

	if (found == MU_TOP_DENIED)
		s->unreadable++;
	if (found != MU_TOP_READ)
		return;
	s->processes = mu_grow(s->processes, s->nr, &s->capacity, sizeof(p));
	s->processes[s->nr++] = p;
}

static int compare_pids(const void *a, const void *b)
{
	const struct mu_top_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Return: the PID of the tool in this proc, 0 if it is not known. */
static uint64_t read_own_pid(int proc)
{
	char text[16] = "";
	uint64_t pid;

	if (readlinkat(proc, "self", text, sizeof(text) - 1) < 0)
		return 0;
	return mu_parse_number(text, &pid) ? pid : 0;
}

/* The tool itself is left out: it takes memory for its own samples. */
static bool read_processes(struct mu_top_snapshot *s, int root)
{
	int proc = openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = proc >= 0 ? fdopendir(proc) : NULL;
	uint64_t pid, own = read_own_pid(proc);
	struct dirent *entry;

	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (mu_parse_number(entry->d_name, &pid) && pid && pid <= INT_MAX && pid != own)
			add_process(s, proc, pid);
	closedir(dir);
	if (s->nr)
		qsort(s->processes, s->nr, sizeof(*s->processes), compare_pids);
	return true;
}

/* === Cgroups === */

static int compare_paths(const void *a, const void *b)
{
	const struct mu_top_process *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static struct mu_top_process **sort_by_path(const struct mu_top_snapshot *s)
{
	struct mu_top_process **sorted = mu_zalloc(s->nr * sizeof(*sorted));

	for (size_t i = 0; i < s->nr; i++)
		sorted[i] = &s->processes[i];
	if (s->nr)
		qsort(sorted, s->nr, sizeof(*sorted), compare_paths);
	return sorted;
}

/* Add a process, in the order of paths. Takes its path. */
static void add_to_cgroup(struct mu_top_snapshot *s, struct mu_top_process *p)
{
	struct mu_top_cgroup *last = s->nr_cgroups ? &s->cgroups[s->nr_cgroups - 1] : NULL;

	if (!last || strcmp(last->path, p->path)) {
		last = &s->cgroups[s->nr_cgroups++];
		last->path = p->path;
	} else {
		free(p->path);
	}
	p->path = NULL;
	p->cgroup = last - s->cgroups;
	last->bytes += p->bytes;
	last->nr++;
}

static void collect_cgroups(struct mu_top_snapshot *s)
{
	struct mu_top_process **sorted = sort_by_path(s);

	s->cgroups = mu_zalloc(s->nr * sizeof(*s->cgroups));
	for (size_t i = 0; i < s->nr; i++)
		add_to_cgroup(s, sorted[i]);
	free(sorted);
}

static void read_left(struct mu_top_snapshot *s, int root)
{
	const struct mu_top_machine *m = &s->machine;
	struct mu_top_cgroups mount;

	mu_top_cgroups_open(&mount, root);
	for (size_t i = 0; i < s->nr_cgroups; i++)
		s->cgroups[i].left = mu_top_cgroups_left(&mount, s->cgroups[i].path,
							 m->swap_total - m->swap_used);
	mu_top_cgroups_close(&mount);
}

/**
 * mu_top_snapshot_read() - read the machine and its processes
 * @s: set to the snapshot, to be freed with mu_top_snapshot_free()
 * @root: the directory that has proc and the mount of the cgroups
 * @ms: the time
 *
 * Return: false, with errno, if proc cannot be read.
 */
bool mu_top_snapshot_read(struct mu_top_snapshot *s, int root, uint64_t ms)
{
	*s = (struct mu_top_snapshot){ .ms = ms };
	if (!read_processes(s, root))
		return false;
	read_meminfo(&s->machine, root);
	read_vmstat(&s->machine, root);
	read_pressure(&s->machine, root);
	collect_cgroups(s);
	read_left(s, root);
	return true;
}

/**
 * mu_top_snapshot_free() - free a snapshot
 * @s: the snapshot
 */
void mu_top_snapshot_free(struct mu_top_snapshot *s)
{
	for (size_t i = 0; i < s->nr_cgroups; i++)
		free(s->cgroups[i].path);
	free(s->cgroups);
	free(s->processes);
}
