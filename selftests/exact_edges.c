// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness in corner cases: realloc of NULL, to size 0 and failing, calls abandoned by longjmp,
 * nested and tail calls, mappings as well as blocks.
 *
 * Most tests are named like the case of the program that they run: "exact_after.longjmp_hole".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(exact_after)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(exact_after)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(exact_after)
{
	mst_fresh();
}

static void attach_and_go(struct mst_program *prog)
{
	mst_attach(prog->pid);
	mst_step(prog, "go");
}

static int spawn_and_step(struct mst_program *prog, const char *program, const char *name)
{
	mst_spawn(prog, program, name, NULL);
	attach_and_go(prog);
	return mst_id(prog->pid);
}

/* Runs a case of a program, by which the test is named. */
#define EXACT(program, name) EXACT_AS(program, name, name)
#define EXACT_AS(program, name, test)                                                  \
	TEST_F(exact_after, test)                                                      \
	{                                                                              \
		self->id = spawn_and_step(&self->prog, program, #name);                \
		EXPECT_TRUE(mst_exact(&self->prog));                                   \
		EXPECT_TRUE(mst_sound(self->id));                                      \
		EXPECT_EQ((long long)self->prog.failed, mst_stat(self->id, "failed")); \
		EXPECT_EQ(0, mst_end(&self->prog));                                    \
	}

EXACT("edge", realloc_zero)
EXACT("edge", reallocarray_zero)
EXACT("edge", realloc_fails)
EXACT("edge", reallocarray_overflows)
EXACT("edge", realloc_in_place)
EXACT("edge", realloc_from_before)
EXACT("edge", zero_and_null)
EXACT("edge", big)
EXACT("edge", munmap_fails)
EXACT("edge", munmap_part)
EXACT("edge", mmap_over)
EXACT("edge", kinds)
EXACT("edge", first_free)
EXACT("toy", longjmp_deeper)
EXACT("toy", longjmp_same)
EXACT("toy", longjmp_shallower)
EXACT("toy", longjmp_hole)
EXACT("toy", longjmp_realloc)
EXACT("toy", longjmp_within)
EXACT("toy", longjmp_often)
EXACT("toy", munmap_of_malloc)
EXACT("toy", tail_call)

/* The same with the allocator in a shared object, as most are. */
#define EXACT_APART(name) EXACT_AS("toy_apart", name, name##_apart)

EXACT_APART(longjmp_deeper)
EXACT_APART(longjmp_same)
EXACT_APART(longjmp_shallower)
EXACT_APART(longjmp_hole)
EXACT_APART(longjmp_realloc)
EXACT_APART(longjmp_within)
EXACT_APART(longjmp_often)
EXACT_APART(munmap_of_malloc)
EXACT_APART(tail_call)

TEST_F(exact_after, free_of_an_older_block)
{
	self->id = spawn_and_step(&self->prog, "edge", "free_from_before");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(1, mst_stat(self->id, "unknown_free"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The free of a block was not seen: its record is replaced when its address is allocated again. */
#define EXACT_REPLACED(program, name)                                   \
	TEST_F(exact_after, name)                                       \
	{                                                               \
		self->id = spawn_and_step(&self->prog, program, #name); \
		EXPECT_TRUE(mst_exact(&self->prog));                    \
		EXPECT_TRUE(mst_sound(self->id));                       \
		EXPECT_EQ(1, mst_stat(self->id, "replaced"));           \
		EXPECT_EQ(0, mst_end(&self->prog));                     \
	}

EXACT_REPLACED("toy_apart", given_twice)

/* A block whose address cannot be read is not recorded, but counted as lost. */
TEST_F(exact_after, memalign_to_an_unreadable_pointer)
{
	self->id = spawn_and_step(&self->prog, "toy_apart", "memalign_to_nowhere");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(1, mst_stat(self->id, "lost_fault"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* An allocator that calls itself makes one allocation, however deep the calls nest. */
TEST_F(exact_after, nested_calls)
{
	self->id = spawn_and_step(&self->prog, "toy", "nested");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_GT(mst_stat(self->id, "nested") + mst_stat(self->id, "lost_inflight"), 100);
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The new_handler frees a block within operator new, which then succeeds. */
TEST_F(exact_after, a_new_handler_frees)
{
	mst_spawn(&self->prog, "new_handler", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(1, mst_stat(mst_id(self->prog.pid), "failed"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Clears the records of what opening the allocator has allocated, then uses it. */
static void run_elsewhere(struct mst_program *prog, const char *name)
{
	mst_spawn(prog, "elsewhere", name, mst_here("programs/libtoy.so"), NULL);
	attach_and_go(prog);
	if (mst_command("clear %d", prog->pid))
		mst_die("%s", mst_refusal);
	mst_step(prog, "go");
}

/* Probes are on the file: they are also in mappings of it that were made later. */
#define EXACT_ELSEWHERE(name)                                                \
	TEST_F(exact_after, name)                                            \
	{                                                                    \
		run_elsewhere(&self->prog, #name);                           \
		EXPECT_TRUE(mst_exact(&self->prog));                         \
		EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));              \
		EXPECT_EQ(5, mst_stat(mst_id(self->prog.pid), "allocated")); \
		EXPECT_EQ(0, mst_end(&self->prog));                          \
	}

EXACT_ELSEWHERE(second_libc)
EXACT_ELSEWHERE(reopened_library)

/* A call that could not look at the mappings, as they were locked, is counted. */
TEST_F(exact_after, second_libc_in_many_threads_or_uncertain)
{
	run_elsewhere(&self->prog, "second_libc_in_a_crowd");
	/* mst_exact() logs the differences, which are excused by unknown callers only. */
	EXPECT_TRUE(mst_stat(mst_id(self->prog.pid), "unknown_caller") > 0 ||
		    mst_exact(&self->prog));
	mst_say("%lld unknown callers", mst_stat(mst_id(self->prog.pid), "unknown_caller"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

static bool is_in_mapping(pid_t pid, unsigned long addr)
{
	unsigned long start, end;
	char path[64], line[512];
	bool found = false;
	FILE *maps;

	sprintf(path, "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && addr >= start && addr < end)
			found = true;
	if (maps)
		fclose(maps);
	if (!found)
		mst_say("0x%lx is in no mapping of process %d", addr, pid);
	return found;
}

/* Three threads started while traced: three rows of the kind "stack". */
TEST_F(exact_after, starting_threads_lists_their_stacks)
{
	struct mst_rows rows;
	size_t i, stacks = 0, mappings = 0;
	char *report;

	self->id = spawn_and_step(&self->prog, "edge", "thread_stacks");
	mst_rows(&rows, "targets/%d/allocations", self->id);
	for (i = 0; i < rows.count; i++) {
		mappings += !strcmp(rows.row[i].kind, "mmap");
		if (strcmp(rows.row[i].kind, "stack"))
			continue;
		stacks++;
		EXPECT_GE(rows.row[i].size, 1ul << 20);
		EXPECT_TRUE(is_in_mapping(self->prog.pid, rows.row[i].addr));
	}
	EXPECT_EQ(3, stacks);
	EXPECT_EQ(0, mappings);
	mst_rows_free(&rows);
	report = mst_text("report");
	EXPECT_CONTAINS(report, " allocations from stack 1 (stack, age ");
	free(report);
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The report names the kinds of mappings, but not that of the heap. */
TEST_F(exact_after, mappings_with_their_kinds_in_the_report)
{
	char *report;

	self->id = spawn_and_step(&self->prog, "edge", "kinds");
	report = mst_text("targets/%d/report", self->id);
	EXPECT_COUNT(1, report, " (mmap, age ");
	EXPECT_COUNT(1, report, " (stack, age ");
	EXPECT_COUNT(1, report, " (age ");
	free(report);
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
