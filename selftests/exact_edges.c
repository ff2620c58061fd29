// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness in the corners: realloc of nothing, to nothing and in vain, calls
 * abandoned by longjmp, nested and tail calls, mappings beside blocks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lib/mst.h"

FIXTURE(edge)
{
	struct mst_program l;
	int id;
};

FIXTURE_SETUP(edge)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(edge)
{
	mst_fresh();
}

static void attach_and_go(struct mst_program *l)
{
	if (mst_command("attach %d", l->pid))
		mst_die("%s", mst_refusal);
	mst_step(l, "go");
}

static int run(struct mst_program *l, const char *program, const char *name)
{
	mst_spawn(l, program, name, NULL);
	attach_and_go(l);
	return mst_id(l->pid);
}

/* A case of a program, named for what it does there. */
#define EXACT(program, name) EXACT_AS(program, name, name)
#define EXACT_AS(program, name, test)                                               \
	TEST_F(edge, test)                                                          \
	{                                                                           \
		self->id = run(&self->l, program, #name);                           \
		EXPECT_TRUE(mst_exact(&self->l));                                   \
		EXPECT_TRUE(mst_sound(self->id));                                   \
		EXPECT_EQ((long long)self->l.failed, mst_stat(self->id, "failed")); \
		EXPECT_EQ(0, mst_end(&self->l));                                    \
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

/* The same with an allocator in an object of its own, as most are. */
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

TEST_F(edge, free_from_before)
{
	self->id = run(&self->l, "edge", "free_from_before");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_EQ(1, mst_stat(self->id, "unknown_free"));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* A mapping that is unmapped in part is counted as such. */
TEST_F(edge, munmap_part)
{
	self->id = run(&self->l, "edge", "munmap_part");
	EXPECT_EQ(1, mst_stat(self->id, "partial_unmap"));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* A block whose end nobody was told of goes when another one has its address. */
#define EXACT_REPLACED(program, name)                         \
	TEST_F(edge, name)                                    \
	{                                                     \
		self->id = run(&self->l, program, #name);     \
		EXPECT_TRUE(mst_exact(&self->l));             \
		EXPECT_TRUE(mst_sound(self->id));             \
		EXPECT_EQ(1, mst_stat(self->id, "replaced")); \
		EXPECT_EQ(0, mst_end(&self->l));              \
	}

EXACT_REPLACED("edge", mmap_over)
EXACT_REPLACED("toy_apart", given_twice)

/* A block whose address cannot be read is not recorded, and said to be lost. */
TEST_F(edge, memalign_to_nowhere)
{
	self->id = run(&self->l, "toy_apart", "memalign_to_nowhere");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_EQ(1, mst_stat(self->id, "lost_fault"));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* An allocator that calls itself is one allocation, however deep. */
TEST_F(edge, nested)
{
	self->id = run(&self->l, "toy", "nested");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_GT(mst_stat(self->id, "nested") + mst_stat(self->id, "lost_inflight"), 100);
	EXPECT_EQ(0, mst_end(&self->l));
}

/* The new_handler frees while operator new is trying: its block goes, the new one comes. */
TEST_F(edge, new_handler_that_frees)
{
	mst_spawn(&self->l, "new_handler", NULL);
	ASSERT_EQ(0, mst_command("attach %d", self->l.pid));
	mst_step(&self->l, "go");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_EQ(1, mst_stat(mst_id(self->l.pid), "failed"));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* What opening it has allocated is cleared before it is used. */
static void run_elsewhere(struct mst_program *l, const char *name)
{
	mst_spawn(l, "elsewhere", name, mst_here("programs/libtoy.so"), NULL);
	attach_and_go(l);
	if (mst_command("clear %d", l->pid))
		mst_die("%s", mst_refusal);
	mst_step(l, "go");
}

/* An allocator is one wherever it is mapped, and whenever: its probes come with its file. */
#define EXACT_ELSEWHERE(name)                                             \
	TEST_F(edge, name)                                                \
	{                                                                 \
		run_elsewhere(&self->l, #name);                           \
		EXPECT_TRUE(mst_exact(&self->l));                         \
		EXPECT_TRUE(mst_sound(mst_id(self->l.pid)));              \
		EXPECT_EQ(5, mst_stat(mst_id(self->l.pid), "allocated")); \
		EXPECT_EQ(0, mst_end(&self->l));                          \
	}

EXACT_ELSEWHERE(second_libc)
EXACT_ELSEWHERE(reopened_library)

/* Where the map was taken and could not be looked at, that is said. */
TEST_F(edge, second_libc_in_a_crowd)
{
	run_elsewhere(&self->l, "second_libc_in_a_crowd");
	EXPECT_TRUE(mst_stat(mst_id(self->l.pid), "unknown_caller") > 0 || mst_exact(&self->l));
	mst_say("%lld unknown callers", mst_stat(mst_id(self->l.pid), "unknown_caller"));
	EXPECT_EQ(0, mst_end(&self->l));
}

static bool lies_in_a_mapping(pid_t pid, unsigned long addr)
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
	return found;
}

/* Three threads born under the trace: three rows of the kind stack. */
TEST_F(edge, thread_stacks)
{
	struct mst_rows rows;
	size_t i, stacks = 0, mappings = 0;
	char *report;

	self->id = run(&self->l, "edge", "thread_stacks");
	mst_rows(&rows, "targets/%d/allocations", self->id);
	for (i = 0; i < rows.count; i++) {
		mappings += !strcmp(rows.row[i].kind, "mmap");
		if (strcmp(rows.row[i].kind, "stack"))
			continue;
		stacks++;
		EXPECT_GE(rows.row[i].size, 1ul << 20);
		EXPECT_TRUE(lies_in_a_mapping(self->l.pid, rows.row[i].addr));
	}
	EXPECT_EQ(3, stacks);
	EXPECT_EQ(0, mappings);
	mst_rows_free(&rows);
	report = mst_text("report");
	EXPECT_NE(NULL, strstr(report, " allocations from stack 1 (stack, age "));
	free(report);
	EXPECT_EQ(0, mst_end(&self->l));
}

/* The kinds of mappings are told in the report, that of the heap is not. */
TEST_F(edge, kinds_in_the_report)
{
	char *report;

	self->id = run(&self->l, "edge", "kinds");
	report = mst_text("targets/%d/report", self->id);
	EXPECT_EQ(1, mst_count(report, " (mmap, age "));
	EXPECT_EQ(1, mst_count(report, " (stack, age "));
	EXPECT_EQ(1, mst_count(report, " (age "));
	free(report);
	EXPECT_EQ(0, mst_end(&self->l));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
