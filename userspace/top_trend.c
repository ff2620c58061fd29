// SPDX-License-Identifier: GPL-2.0-only
/*
 * The samples of all processes and cgroups, and their rank by growth.
 *
 * Processes are identified by PID and start time, cgroups by path. One missing in a snapshot is
 * dropped with its samples. A pure function of the snapshots: no input, no output, no clock.
 * Depends on top_series.c and mem.c.
 */
#include "top_trend.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct tracked {
	pid_t pid;
	uint64_t start;
	char name[MU_TOP_NAME_MAX];
	size_t group;
	uint64_t bytes;
	struct mu_top_series series;
};

struct group {
	char *path;
	size_t processes;
	uint64_t bytes;
	struct mu_top_series series;
	struct mu_top_series left; /* without samples if there is no limit */
};

struct machine {
	struct mu_top_machine now;
	struct mu_top_series available, swap, slab, shmem, oom_kills, left;
};

struct mu_top_trends {
	struct tracked *tracked; /* sorted by PID */
	size_t nr;
	struct group *groups; /* sorted by path */
	size_t nr_groups;
	struct machine machine;
};

/**
 * mu_top_trends_new() - create an empty set of trends
 *
 * Return: the trends, to be freed.
 */
struct mu_top_trends *mu_top_trends_new(void)
{
	return mu_zalloc(sizeof(struct mu_top_trends));
}

static void free_groups(struct group *groups, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(groups[i].path);
	free(groups);
}

/**
 * mu_top_trends_free() - free the trends
 * @t: the trends
 */
void mu_top_trends_free(struct mu_top_trends *t)
{
	free_groups(t->groups, t->nr_groups);
	free(t->tracked);
	free(t);
}

/* === Adding a snapshot === */

/* Return: the process if it was in the last snapshot; *at moves on in the order of PIDs. */
static const struct tracked *find_tracked(const struct mu_top_trends *t, size_t *at,
					  const struct mu_top_process *p)
{
	while (*at < t->nr && t->tracked[*at].pid < p->pid)
		(*at)++;
	if (*at == t->nr || t->tracked[*at].pid != p->pid || t->tracked[*at].start != p->start)
		return NULL;
	return &t->tracked[*at];
}

static void add_processes(struct mu_top_trends *t, const struct mu_top_snapshot *s)
{
	struct tracked *next = mu_zalloc(s->nr * sizeof(*next));
	size_t at = 0;

	for (size_t i = 0; i < s->nr; i++) {
		const struct mu_top_process *p = &s->processes[i];
		const struct tracked *old = find_tracked(t, &at, p);

		if (old)
			next[i].series = old->series;
		next[i].pid = p->pid;
		next[i].start = p->start;
		next[i].group = p->cgroup;
		next[i].bytes = p->bytes;
		memcpy(next[i].name, p->name, sizeof(p->name));
		mu_top_series_add(&next[i].series, s->ms, p->bytes);
	}
	free(t->tracked);
	t->tracked = next;
	t->nr = s->nr;
}

static const struct group *find_group(const struct mu_top_trends *t, size_t *at, const char *path)
{
	while (*at < t->nr_groups && strcmp(t->groups[*at].path, path) < 0)
		(*at)++;
	if (*at == t->nr_groups || strcmp(t->groups[*at].path, path))
		return NULL;
	return &t->groups[*at];
}

/* A limit that is set or removed starts anew. */
static void add_left(struct mu_top_series *left, uint64_t ms, uint64_t bytes)
{
	if (bytes == MU_TOP_NO_LIMIT)
		left->nr = 0;
	else
		mu_top_series_add(left, ms, bytes);
}

static void add_groups(struct mu_top_trends *t, const struct mu_top_snapshot *s)
{
	struct group *next = mu_zalloc(s->nr_cgroups * sizeof(*next));
	size_t at = 0;

	for (size_t i = 0; i < s->nr_cgroups; i++) {
		const struct mu_top_cgroup *c = &s->cgroups[i];
		const struct group *old = find_group(t, &at, c->path);

		if (old)
			next[i] = *old;
		next[i].path = mu_strndup(c->path, strlen(c->path));
		next[i].processes = c->nr;
		next[i].bytes = c->bytes;
		mu_top_series_add(&next[i].series, s->ms, c->bytes);
		add_left(&next[i].left, s->ms, c->left);
	}
	free_groups(t->groups, t->nr_groups);
	t->groups = next;
	t->nr_groups = s->nr_cgroups;
}

static void add_machine(struct machine *m, const struct mu_top_snapshot *s)
{
	const struct mu_top_machine *now = &s->machine;

	m->now = *now;
	mu_top_series_add(&m->available, s->ms, now->available);
	mu_top_series_add(&m->swap, s->ms, now->swap_used);
	mu_top_series_add(&m->slab, s->ms, now->slab);
	mu_top_series_add(&m->shmem, s->ms, now->shmem);
	mu_top_series_add(&m->oom_kills, s->ms, now->oom_kills);
	mu_top_series_add(&m->left, s->ms, now->available + now->swap_total - now->swap_used);
}

/**
 * mu_top_trends_add() - add a snapshot
 * @t: the trends
 * @s: the snapshot, later than those before
 */
void mu_top_trends_add(struct mu_top_trends *t, const struct mu_top_snapshot *s)
{
	add_processes(t, s);
	add_groups(t, s);
	add_machine(&t->machine, s);
}

/**
 * mu_top_trends_samples() - get the number of samples that the trends are computed from
 * @t: the trends
 *
 * Return: the number; processes that have started later have fewer.
 */
size_t mu_top_trends_samples(const struct mu_top_trends *t)
{
	return t->machine.available.nr;
}

/* === Rank === */

/*
 * The memory is filled by the row and by others: it becomes full by the faster of the growth of the
 * row and the decrease of what is left.
 */
static uint64_t time_to_full(const struct mu_top_series *left, double per_minute)
{
	double decrease, minutes;

	if (!left->nr || per_minute <= 0)
		return MU_TOP_NEVER;
	decrease = -mu_top_series_trend(left).per_minute;
	minutes = left->value[left->nr - 1] / (decrease > per_minute ? decrease : per_minute);
	return minutes < 1e9 ? minutes * 60000 : MU_TOP_NEVER;
}

static void set_trend(const struct mu_top_trends *t, struct mu_top_row *row,
		      const struct mu_top_series *series, const struct group *group)
{
	uint64_t machine, cgroup;

	row->trend = mu_top_series_trend(series);
	machine = time_to_full(&t->machine.left, row->trend.per_minute);
	cgroup = time_to_full(&group->left, row->trend.per_minute);
	row->full_ms = machine < cgroup ? machine : cgroup;
}

/* Growth in many intervals precedes the same growth in few, also that of a process that is new. */
static double rank_key(const struct mu_top_row *row)
{
	return row->trend.per_minute * row->trend.grew;
}

static int compare_ids(const struct mu_top_row *x, const struct mu_top_row *y)
{
	if (x->pid[0] != y->pid[0])
		return x->pid[0] < y->pid[0] ? -1 : 1;
	return strcmp(x->cgroup, y->cgroup);
}

/* By growth, then by the change, which may be one jump, then by size. */
static int compare_rows(const void *a, const void *b)
{
	const struct mu_top_row *x = a, *y = b;
	double x_key = rank_key(x), y_key = rank_key(y);

	if (x_key != y_key)
		return x_key > y_key ? -1 : 1;
	if (x->trend.change != y->trend.change)
		return x->trend.change > y->trend.change ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return compare_ids(x, y);
}

static struct mu_top_row *rank_processes(const struct mu_top_trends *t)
{
	struct mu_top_row *rows = mu_zalloc(t->nr * sizeof(*rows));

	for (size_t i = 0; i < t->nr; i++) {
		const struct tracked *p = &t->tracked[i];

		rows[i] = (struct mu_top_row){
			.pid = { p->pid },
			.nr_pids = 1,
			.start = p->start,
			.name = p->name,
			.cgroup = t->groups[p->group].path,
			.processes = 1,
			.bytes = p->bytes,
		};
		set_trend(t, &rows[i], &p->series, &t->groups[p->group]);
	}
	if (t->nr)
		qsort(rows, t->nr, sizeof(*rows), compare_rows);
	return rows;
}

/* Processes come in their rank. The first one is named even if it does not grow. */
static void add_pid(struct mu_top_row *group, const struct mu_top_row *process)
{
	if (group->nr_pids && process->trend.per_minute <= 0)
		return;
	if (group->nr_pids < MU_TOP_ROW_PIDS)
		group->pid[group->nr_pids++] = process->pid[0];
}

static void add_pids(const struct mu_top_trends *t, struct mu_top_row *groups)
{
	struct mu_top_row *processes = rank_processes(t);

	for (size_t i = 0; i < t->nr; i++)
		for (size_t j = 0; j < t->nr_groups; j++)
			if (groups[j].cgroup == processes[i].cgroup)
				add_pid(&groups[j], &processes[i]);
	free(processes);
}

static struct mu_top_row *rank_groups(const struct mu_top_trends *t)
{
	struct mu_top_row *rows = mu_zalloc(t->nr_groups * sizeof(*rows));

	for (size_t i = 0; i < t->nr_groups; i++) {
		const struct group *g = &t->groups[i];

		rows[i] = (struct mu_top_row){
			.name = "",
			.cgroup = g->path,
			.processes = g->processes,
			.bytes = g->bytes,
		};
		set_trend(t, &rows[i], &g->series, g);
	}
	add_pids(t, rows);
	if (t->nr_groups)
		qsort(rows, t->nr_groups, sizeof(*rows), compare_rows);
	return rows;
}

/**
 * mu_top_trends_rank() - rank processes or cgroups by growth
 * @t: the trends
 * @by_cgroup: rank cgroups
 * @nr: set to the number of rows
 *
 * Return: the rows, to be freed. Their texts are valid until a snapshot is added.
 */
struct mu_top_row *mu_top_trends_rank(const struct mu_top_trends *t, bool by_cgroup, size_t *nr)
{
	*nr = by_cgroup ? t->nr_groups : t->nr;
	return by_cgroup ? rank_groups(t) : rank_processes(t);
}

/**
 * mu_top_trends_machine() - get the trends of the machine
 * @t: the trends
 *
 * Return: the trends.
 */
struct mu_top_machine_trend mu_top_trends_machine(const struct mu_top_trends *t)
{
	const struct machine *m = &t->machine;

	return (struct mu_top_machine_trend){
		.now = m->now,
		.available = mu_top_series_trend(&m->available),
		.swap = mu_top_series_trend(&m->swap),
		.slab = mu_top_series_trend(&m->slab),
		.shmem = mu_top_series_trend(&m->shmem),
		.oom_kills = mu_top_series_trend(&m->oom_kills),
	};
}
