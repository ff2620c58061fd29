// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings are intervals: what is mapped, unmapped and remapped, in every shape.
 *
 * Each test is named like the case of programs/mapped.c or programs/remapped.c that it runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(mappings)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(mappings)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(mappings)
{
	mst_fresh();
}

static int spawn_and_step(struct mst_program *prog, const char *program, const char *name)
{
	int id;

	mst_spawn(prog, program, name, NULL);
	id = mst_attach(prog->pid);
	mst_step(prog, "go");
	return id;
}

/* The sums of the line "mapped" and those of the program; no line if there is no mapping. */
static bool says_mapped(const struct mst_program *prog, int id)
{
	char *report = mst_text("targets/%d/report", id), wanted[128];
	unsigned long long bytes = 0, nr = 0;
	bool good;
	size_t i;

	for (i = 0; i < prog->keep.count; i++) {
		if (!strcmp(prog->keep.row[i].kind, "heap"))
			continue;
		bytes += prog->keep.row[i].size;
		nr++;
	}
	snprintf(wanted, sizeof(wanted),
		 "\nmapped %llu bytes of address space in %llu allocations\n", bytes, nr);
	good = !strstr(report, nr ? wanted : "\nmapped ") == !nr;
	if (!good)
		mst_say("expected %s, got %.600s", nr ? wanted : "no line mapped", report);
	free(report);
	return good;
}

/* Runs a case, then the checks that all cases have in common. */
static bool is_exact_after(FIXTURE_DATA(mappings) * self, const char *program, const char *name)
{
	bool good;

	self->id = spawn_and_step(&self->prog, program, name);
	good = mst_exact(&self->prog);
	good = mst_sound(self->id) && good;
	return says_mapped(&self->prog, self->id) && good;
}

#define CASE(program, name, counters)                              \
	TEST_F(mappings, name)                                     \
	{                                                          \
		EXPECT_TRUE(is_exact_after(self, program, #name)); \
		EXPECT_TRUE(mst_counts_are(self->id, counters));   \
		EXPECT_EQ(0, mst_end(&self->prog));                \
	}
#define MAPPED(name, counters) CASE("mapped", name, counters)
#define REMAPPED(name, counters) CASE("remapped", name, counters)

MAPPED(unmap_whole, "allocated=1 freed=1")
MAPPED(unmap_head, "allocated=1 freed=0")
MAPPED(unmap_tail, "allocated=1 freed=0")
MAPPED(unmap_middle, "allocated=1 freed=0 split=1")
MAPPED(unmap_across, "allocated=3 freed=1")
MAPPED(unmap_every_other, "allocated=1 freed=0 split=31")
MAPPED(unmap_stack, "allocated=1 freed=0")
MAPPED(unmap_by_system_call, "allocated=1 freed=0 split=1")
MAPPED(unmap_fails, "allocated=1 freed=0")
MAPPED(advise_dontneed, "allocated=1 freed=0")
MAPPED(map_over_part, "allocated=2 freed=0")
MAPPED(map_inside, "allocated=2 freed=0 split=1")
MAPPED(map_over_many, "allocated=4 freed=1")
MAPPED(map_over_by_system_call, "allocated=1 freed=0 split=1")
MAPPED(map_bytes, "allocated=1 freed=0")
MAPPED(map_huge, "allocated=2 freed=0")
REMAPPED(grow_in_place, "allocated=1 freed=0 reallocated=1")
REMAPPED(grow_and_move, "allocated=2 freed=0 reallocated=1")
REMAPPED(shrink_in_place, "allocated=1 freed=0")
REMAPPED(move_whole, "allocated=1 freed=0 reallocated=1")
REMAPPED(move_untouched, "allocated=1 freed=0 reallocated=1")
REMAPPED(move_and_shrink, "allocated=1 freed=0 reallocated=1")
REMAPPED(move_and_grow, "allocated=1 freed=0 reallocated=1")
REMAPPED(move_part, "allocated=2 freed=0 reallocated=1 split=3")
REMAPPED(move_several, "allocated=3 freed=0 reallocated=1 split=2")
REMAPPED(move_and_keep, "allocated=2 freed=0")
REMAPPED(dontunmap_part, "allocated=2 freed=0")
REMAPPED(map_again, "allocated=2 freed=0")
REMAPPED(remap_fails, "allocated=2 freed=0 failed=3")
REMAPPED(grow_unrecorded, "allocated=1 freed=0")
REMAPPED(move_unrecorded, "allocated=0 freed=0")
REMAPPED(move_by_system_call, "allocated=1 freed=1")
REMAPPED(shrink_by_system_call, "allocated=1 freed=0")
REMAPPED(dontunmap_by_system_call, "allocated=1 freed=0")
MAPPED(attach_and_detach, "allocated=2 freed=1 failed=1")
MAPPED(attach_over, "allocated=2 freed=0 split=1")

/* libc asks for the break before it changes it, and calls brk within sbrk. */
#define BREAK(name, allocated)                                         \
	TEST_F(mappings, name)                                         \
	{                                                              \
		EXPECT_TRUE(is_exact_after(self, "mapped", #name));    \
		EXPECT_EQ(allocated, mst_stat(self->id, "allocated")); \
		EXPECT_GT(mst_stat(self->id, "nested"), 0);            \
		EXPECT_EQ(0, mst_stat(self->id, "uncertain"));         \
		EXPECT_EQ(0, mst_end(&self->prog));                    \
	}

BREAK(grow_break, 2)
BREAK(shrink_break, 1)
BREAK(shrink_break_by_system_call, 1)
BREAK(break_of_malloc, 3)

/* How often a mapping is split depends on the order of the threads. */
TEST_F(mappings, unmap_in_threads)
{
	self->id = spawn_and_step(&self->prog, "mapped", "unmap_in_threads");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(8, mst_stat(self->id, "allocated"));
	EXPECT_EQ(mst_stat(self->id, "split"), mst_stat(self->id, "freed"));
	EXPECT_EQ(0, mst_stat(self->id, "lost_split"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

static unsigned int stack_at(int id, unsigned long addr)
{
	struct mst_rows rows;
	unsigned int stack = 0;
	size_t i;

	mst_rows(&rows, "targets/%d/allocations", id);
	for (i = 0; i < rows.count; i++)
		if (rows.row[i].addr == addr)
			stack = rows.row[i].stack;
	mst_rows_free(&rows);
	return stack;
}

/* A part that is moved and grows keeps the stack that has mapped it. */
TEST_F(mappings, parts_keep_their_origin)
{
	unsigned int stack;
	size_t i;

	self->id = spawn_and_step(&self->prog, "remapped", "keep_origin");
	stack = stack_at(self->id, self->prog.keep.row[0].addr);
	EXPECT_NE(0, stack);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	for (i = 0; i < self->prog.keep.count; i++)
		EXPECT_EQ(stack, stack_at(self->id, self->prog.keep.row[i].addr));
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=1 freed=0 reallocated=1 split=2"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Each split without a spare record loses one part, which is said. */
TEST_F(mappings, splits_that_are_lost_are_counted)
{
	long long lost;
	struct mst_rows rows;

	self->id = spawn_and_step(&self->prog, "mapped", "split_fast");
	lost = mst_stat(self->id, "lost_split");
	mst_rows(&rows, "targets/%d/allocations", self->id);
	EXPECT_EQ((long long)self->prog.count - lost, (long long)rows.count);
	EXPECT_EQ((long long)rows.count, 1 + mst_stat(self->id, "split"));
	if (!lost)
		EXPECT_TRUE(mst_exact(&self->prog));
	mst_say("%lld of %zu splits lost", lost, self->prog.count - 1);
	EXPECT_TRUE(mst_sound(self->id));
	mst_rows_free(&rows);
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* === Random steps, compared with /proc/PID/maps, too === */

static void add_range(struct mst_rows *rows, unsigned long start, unsigned long end)
{
	rows->row = realloc(rows->row, (rows->count + 1) * sizeof(*rows->row));
	memset(&rows->row[rows->count], 0, sizeof(*rows->row));
	rows->row[rows->count].addr = start;
	rows->row[rows->count++].size = end - start;
}

/* Adds the mappings of a process that have no name in brackets, such as [stack]. */
static void add_maps(struct mst_rows *rows, pid_t pid)
{
	unsigned long start, end;
	char path[64], line[512];
	FILE *maps;

	sprintf(path, "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	if (!maps)
		mst_die("%s: %m", path);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && !strchr(line, '['))
			add_range(rows, start, end);
	fclose(maps);
}

static int compare_addresses(const void *a, const void *b)
{
	const struct mst_row *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Joins ranges that touch each other. Returns false, and prints a range, if some overlap. */
static bool join_ranges(struct mst_rows *rows)
{
	size_t i, last = 0;

	qsort(rows->row, rows->count, sizeof(*rows->row), compare_addresses);
	for (i = 1; i < rows->count; i++) {
		unsigned long end = rows->row[last].addr + rows->row[last].size;

		if (rows->row[i].addr < end) {
			mst_say("0x%lx is in two mappings", rows->row[i].addr);
			return false;
		}
		if (rows->row[i].addr == end)
			rows->row[last].size += rows->row[i].size;
		else
			rows->row[++last] = rows->row[i];
	}
	rows->count = rows->count ? last + 1 : 0;
	return true;
}

static bool run_random(struct mst_program *prog, int *id, long steps, long threads, long seed)
{
	struct mst_rows want = {}, got = {}, rows;
	char words[3][16];
	bool good;
	size_t i;

	snprintf(words[0], sizeof(words[0]), "%ld", steps);
	snprintf(words[1], sizeof(words[1]), "%ld", threads);
	snprintf(words[2], sizeof(words[2]), "%ld", seed);
	mst_spawn(prog, "remaps", words[0], words[1], words[2], NULL);
	*id = mst_attach(prog->pid);
	add_maps(&want, prog->pid);
	mst_step(prog, "go");
	good = mst_exact(prog) && mst_sound(*id) && says_mapped(prog, *id);
	mst_rows(&rows, "targets/%d/allocations", *id);
	for (i = 0; i < rows.count; i++)
		add_range(&want, rows.row[i].addr, rows.row[i].addr + rows.row[i].size);
	add_maps(&got, prog->pid);
	good = join_ranges(&want) && join_ranges(&got) && mst_same(&got, &want) && good;
	good = good &&
	       mst_stat(*id, "allocated") + mst_stat(*id, "split") - mst_stat(*id, "freed") ==
		       (long long)rows.count;
	mst_say("%zu records, %lld splits, %lld moved or resized, seed %ld", rows.count,
		mst_stat(*id, "split"), mst_stat(*id, "reallocated"), seed);
	mst_rows_free(&rows);
	mst_rows_free(&want);
	mst_rows_free(&got);
	return good;
}

TEST_F(mappings, random_steps_are_exact)
{
	EXPECT_TRUE(run_random(&self->prog, &self->id, mst_scaled(100000, 10000), 1, getpid()));
	EXPECT_EQ(0, mst_stat(self->id, "lost_split"));
	EXPECT_EQ(0, mst_stat(self->id, "replaced"));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	EXPECT_EQ((long long)self->prog.failed, mst_stat(self->id, "failed"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(mappings, random_steps_of_threads_are_exact)
{
	EXPECT_TRUE(run_random(&self->prog, &self->id, mst_scaled(40000, 8000), 4, getpid()));
	EXPECT_EQ(0, mst_stat(self->id, "lost_split"));
	EXPECT_EQ(0, mst_stat(self->id, "replaced"));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
