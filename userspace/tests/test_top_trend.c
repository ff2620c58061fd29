// SPDX-License-Identifier: GPL-2.0-only
/* Snapshots to ranked rows. */
#include "tap.h"
#include "top_made.h"
#include "top_trend.h"

static const struct made_cgroup one_cgroup[] = { { "/", MU_TOP_NO_LIMIT }, {} };

static void add_snapshot(struct mu_top_trends *t, struct mu_top_snapshot s)
{
	mu_top_trends_add(t, &s);
	mu_top_snapshot_free(&s);
}

/* Return: the row of a PID, with nr 0 processes if there is no such row. */
static struct mu_top_row find_row(const struct mu_top_trends *t, pid_t pid)
{
	size_t nr;
	struct mu_top_row *rows = mu_top_trends_rank(t, false, &nr), found = {};

	for (size_t i = 0; i < nr; i++)
		if (rows[i].pid[0] == pid)
			found = rows[i];
	free(rows);
	return found;
}

static void test_rank(void)
{
	struct mu_top_trends *t = mu_top_trends_new();
	struct mu_top_row *rows;
	size_t nr;

	for (uint64_t i = 0; i < 12; i++) {
		const struct made_process made[] = {
			{ 10, 1, 900, 0, "large" },
			{ 11, 1, 100 + i, 0, "leak" },
			{ 12, 1, i < 6 ? 10 : 700, 0, "jump" },
			{ 13, 1, 500 - i, 0, "shrinks" },
			{ 14, 1, 50 + i * 2, 0, "fast" },
			{ 15, 1, 800, 0, "idle" },
			{},
		};

		add_snapshot(t, make_snapshot(i * 5000, made, one_cgroup));
	}
	rows = mu_top_trends_rank(t, false, &nr);
	is_number(nr, 6, "each process has a row");
	is_number(rows[0].pid[0], 14, "the fastest growth is first");
	is_number(rows[1].pid[0], 11, "a slower growth is second");
	is_number(rows[2].pid[0], 12, "one jump comes after all that grow");
	is_number(rows[3].pid[0], 10, "then the largest process that does not change");
	is_number(rows[5].pid[0], 13, "a process that shrinks is last");
	tap_ok(rows[0].trend.per_minute == 24.0 * MIB, "the slope is per minute");
	is_number(rows[0].trend.grew, 11, "all of its intervals grew");
	tap_ok(rows[2].trend.per_minute == 0 && rows[2].trend.change == 690 * MIB,
	       "the jump has a change and no slope");
	is_number(rows[2].full_ms, MU_TOP_NEVER, "and fills nothing");
	/* 8 GiB at 24 MiB per minute. */
	is_number(rows[0].full_ms, 8 * GIB * 60000 / (24 * MIB), "the machine is filled in time");
	is_text(rows[0].name, "fast", "the row has the name");
	free(rows);
	mu_top_trends_free(t);
}

/* A process that has just started grows fast, but only in one interval. */
static void test_new_process(void)
{
	struct mu_top_trends *t = mu_top_trends_new();
	struct mu_top_row *rows;
	size_t nr;

	for (uint64_t i = 0; i < 12; i++) {
		const struct made_process made[] = {
			{ 11, 1, 100 + i, 0, "leak" },
			{ i >= 10 ? 20 : 0, 9, i == 10 ? 1 : 8, 0, "starts" },
			{},
		};

		add_snapshot(t, make_snapshot(i * 5000, made, one_cgroup));
	}
	rows = mu_top_trends_rank(t, false, &nr);
	is_number(rows[0].pid[0], 11, "a long growth precedes a faster one of a new process");
	is_number(rows[1].trend.intervals, 1, "a new process has the intervals since its start");
	free(rows);
	mu_top_trends_free(t);
}

static void test_reuse(void)
{
	static const struct made_process first[] = { { 10, 1, 10, 0, "old" }, {} };
	static const struct made_process second[] = { { 10, 2, 900, 0, "new" }, {} };
	static const struct made_process renamed[] = { { 10, 2, 901, 0, "exec" }, {} };
	static const struct made_process none[] = { {} };
	struct mu_top_trends *t = mu_top_trends_new();
	struct mu_top_row row;

	add_snapshot(t, make_snapshot(0, first, one_cgroup));
	add_snapshot(t, make_snapshot(5000, second, one_cgroup));
	row = find_row(t, 10);
	tap_ok(row.processes == 1 && !row.trend.change && !row.trend.intervals,
	       "another process with the same PID starts anew");
	is_text(row.name, "new", "with its own name");
	add_snapshot(t, make_snapshot(10000, renamed, one_cgroup));
	row = find_row(t, 10);
	is_number(row.trend.change, MIB, "a process that executes another program does not");
	is_text(row.name, "exec", "but has the new name");
	add_snapshot(t, make_snapshot(15000, none, one_cgroup));
	is_number(find_row(t, 10).processes, 0, "a process that has exited has no row");
	is_number(mu_top_trends_samples(t), 4, "the machine keeps its samples");
	mu_top_trends_free(t);
}

/* Processes of two cgroups, of which one has a limit; the other one has short-lived workers. */
static struct mu_top_trends *make_groups(void)
{
	struct mu_top_trends *t = mu_top_trends_new();

	for (uint64_t i = 0; i < 12; i++) {
		const struct made_cgroup cgroups[] = {
			{ "/limited", (600 - 20 * i) * MIB },
			{ "/workers", MU_TOP_NO_LIMIT },
			{},
		};
		const struct made_process made[] = {
			{ 10, 1, 100 + 5 * i, 0, "a" },
			{ 11, 1, 100, 0, "b" },
			{ 100 + i, i, 50 + 40 * i, 1, "worker" },
			{ 200 + i, i, 50, 1, "worker" },
			{},
		};

		add_snapshot(t, make_snapshot(i * 5000, made, cgroups));
	}
	return t;
}

static void test_limit(void)
{
	struct mu_top_trends *t = make_groups();
	struct mu_top_row row = find_row(t, 10);

	tap_ok(row.trend.per_minute == 60.0 * MIB, "the process grows by 60 MiB per minute");
	/* 380 MiB are left, and decrease by 240 MiB per minute. */
	is_number(row.full_ms, 380 * 60000 / 240, "its cgroup is filled by all that is in it");
	is_text(row.cgroup, "/limited", "the row has the cgroup");
	is_number(find_row(t, 11).full_ms, MU_TOP_NEVER,
		  "a process that does not grow fills nothing");
	mu_top_trends_free(t);
}

static void test_groups(void)
{
	struct mu_top_trends *t = make_groups();
	size_t nr;
	struct mu_top_row *rows = mu_top_trends_rank(t, true, &nr);

	is_number(nr, 2, "each cgroup has a row");
	is_text(rows[0].cgroup, "/workers", "workers that each live shortly are added up");
	tap_ok(rows[0].trend.per_minute == 480.0 * MIB, "with the slope of their sum");
	is_number(rows[0].trend.grew, 11, "in all intervals");
	is_number(rows[0].processes, 2, "the row has the number of processes");
	tap_ok(rows[0].nr_pids == 1 && rows[0].pid[0] == 111, "and names the largest one");
	tap_ok(rows[1].nr_pids == 1 && rows[1].pid[0] == 10, "or those that grow");
	free(rows);
	mu_top_trends_free(t);
}

static void test_machine(void)
{
	static const struct made_process none[] = { {} };
	static const struct made_cgroup no_cgroups[] = { {} };
	struct mu_top_trends *t = mu_top_trends_new();
	struct mu_top_machine_trend m;
	struct mu_top_row *rows;
	size_t nr;

	for (uint64_t i = 0; i < 12; i++) {
		struct mu_top_snapshot s = make_snapshot(i * 5000, none, no_cgroups);

		s.machine.available -= i * 10 * MIB;
		s.machine.slab = i * MIB;
		s.machine.shmem = i * 2 * MIB;
		s.machine.oom_kills = 7 + (i > 5);
		add_snapshot(t, s);
	}
	m = mu_top_trends_machine(t);
	tap_ok(m.available.per_minute == -120.0 * MIB, "the available memory decreases");
	tap_ok(m.slab.per_minute == 12.0 * MIB && m.shmem.per_minute == 24.0 * MIB,
	       "the kernel's memory and tmpfs grow");
	is_number(m.oom_kills.change, 1, "killed processes are counted");
	rows = mu_top_trends_rank(t, false, &nr);
	is_number(nr, 0, "a machine without processes has no row");
	free(rows);
	mu_top_trends_free(t);
}

/* A limit that is set while top runs. */
static void test_new_limit(void)
{
	struct mu_top_trends *t = mu_top_trends_new();

	for (uint64_t i = 0; i < 12; i++) {
		const struct made_cgroup cgroups[] = {
			{ "/a", i < 6 ? MU_TOP_NO_LIMIT : 100 * MIB },
			{},
		};
		const struct made_process made[] = { { 10, 1, 100 + i, 0, "a" }, {} };

		add_snapshot(t, make_snapshot(i * 5000, made, cgroups));
	}
	is_number(find_row(t, 10).full_ms, 100 * 60000 / 12, "a limit that is set later is used");
	mu_top_trends_free(t);
}

int main(void)
{
	test_rank();
	test_new_process();
	test_reuse();
	test_limit();
	test_groups();
	test_machine();
	test_new_limit();
	return done_testing();
}
