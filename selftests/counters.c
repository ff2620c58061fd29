// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters: each call is counted once, by its outcome, also the calls that are not recorded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define CROWD 8 /* threads, as in programs/counted.c */

FIXTURE(counters)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(counters)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(counters)
{
	mst_kill(&self->prog);
	mst_fresh();
}

static int spawn_and_attach(struct mst_program *prog, const char *program, const char *name,
			    long number)
{
	char text[16];

	snprintf(text, sizeof(text), "%ld", number);
	mst_spawn(prog, program, name, number ? text : NULL, NULL);
	return mst_attach(prog->pid);
}

static int spawn_and_step(struct mst_program *prog, const char *program, const char *name,
			  long number)
{
	int id = spawn_and_attach(prog, program, name, number);

	mst_step(prog, "go");
	return id;
}

TEST_F(counters, allocated_and_freed_blocks_count_once)
{
	self->id = spawn_and_step(&self->prog, "counted", "pairs", 1000);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=1001 freed=1000"));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* When a wrapper of free calls libc's free, that is one free of the program. */
TEST_F(counters, frees_within_the_free_of_a_wrapper_are_nested)
{
	self->id = spawn_and_step(&self->prog, "counted_wrapped", "pairs", 1000);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=1001 freed=1000 nested=2001"));
	EXPECT_TRUE(mst_exact(&self->prog));
}

TEST_F(counters, frees_within_the_free_of_a_library_are_nested)
{
	self->id = spawn_and_step(&self->prog, "counted_apart", "pairs", 1000);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=1001 freed=1000 nested=2001"));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* The nested frees of several threads are not confused. */
TEST_F(counters, frees_within_the_free_of_a_wrapper_are_nested_in_threads)
{
	long count = mst_scaled(1000, 300);

	self->id = spawn_and_step(&self->prog, "counted_wrapped", "pair_crowd", count);
	EXPECT_EQ(CROWD * count, mst_stat(self->id, "freed"));
	EXPECT_EQ(0, mst_stat(self->id, "unknown_free"));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	EXPECT_GE(mst_stat(self->id, "nested"), 2 * CROWD * count);
}

/* Each free of a block from before the attach counts, whatever was freed before it. */
TEST_F(counters, frees_of_older_blocks_are_unknown)
{
	self->id = spawn_and_step(&self->prog, "counted", "frees", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=0 freed=0 unknown_free=200"));
}

TEST_F(counters, frees_of_older_blocks_on_deeper_stacks_are_unknown)
{
	self->id = spawn_and_step(&self->prog, "counted", "frees_deeper", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=0 freed=0 unknown_free=200"));
}

TEST_F(counters, wrapped_frees_of_older_blocks_are_unknown)
{
	self->id = spawn_and_step(&self->prog, "counted_wrapped", "frees", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=0 freed=0 nested=200 unknown_free=200"));
}

TEST_F(counters, wrapped_frees_of_older_blocks_on_deeper_stacks_are_unknown)
{
	self->id = spawn_and_step(&self->prog, "counted_apart", "frees_deeper", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=0 freed=0 nested=200 unknown_free=200"));
}

/* At a thread's end libc frees memory that it has not allocated by malloc. */
TEST_F(counters, frees_at_the_end_of_a_thread_are_not_unknown)
{
	long count = mst_scaled(500, 100);

	self->id = spawn_and_step(&self->prog, "counted", "threads", count);
	EXPECT_EQ(0, mst_stat(self->id, "unknown_free"));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	EXPECT_GE(mst_stat(self->id, "nested"), count);
	EXPECT_GE(mst_stat(self->id, "freed"), 20 * count);
}

/* What munmap leaves of a mapping is one allocation, or several. A failed one changes nothing. */
TEST_F(counters, parts_that_munmap_splits_off_are_counted)
{
	self->id = spawn_and_step(&self->prog, "counted", "unmaps", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=3 freed=2 split=1"));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* A failed realloc frees nothing. */
TEST_F(counters, reallocs_count_once_each)
{
	self->id = spawn_and_step(&self->prog, "counted", "reallocs", 0);
	EXPECT_EQ(3, mst_stat(self->id, "allocated"));
	EXPECT_EQ(1, mst_stat(self->id, "freed"));
	EXPECT_EQ(1, mst_stat(self->id, "reallocated"));
	EXPECT_EQ(2, mst_stat(self->id, "failed"));
	EXPECT_EQ(1, mst_stat(self->id, "unknown_free"));
	EXPECT_TRUE(mst_exact(&self->prog));
}

TEST_F(counters, sizes_below_min_are_filtered)
{
	mst_spawn(&self->prog, "edge", "kinds", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d min=31", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=2 freed=0 filtered=1"));
}

/* Of 115 calls, the program makes four; the allocator makes the others itself. */
TEST_F(counters, calls_nested_deeper_than_the_kernel_follows_are_nested)
{
	self->id = spawn_and_step(&self->prog, "toy", "nested", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=4 freed=0 nested=111"));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* Of 70 nested calls of the program, the kernel follows 64. */
TEST_F(counters, calls_deeper_than_the_kernel_follows_are_lost)
{
	self->id = spawn_and_step(&self->prog, "toy_apart", "hooks", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=64 freed=0 lost_inflight=6"));
}

TEST_F(counters, calls_abandoned_by_longjmp_are_uncertain)
{
	self->id = spawn_and_step(&self->prog, "toy_apart", "longjmp_same", 0);
	EXPECT_TRUE(mst_counts_are(self->id, "allocated=1 freed=0 uncertain=3"));
	EXPECT_TRUE(mst_exact(&self->prog));
}

/*
 * At the memory limit each call of the program counts once, and a mapping that the allocator makes
 * within a lost call is not an allocation of its own. Each report read meanwhile shows as lost the
 * sum of its lost_ counters.
 */
TEST_F(counters, calls_at_the_memory_limit_count_once)
{
	/* Not scaled by MLU_COUNT: a smaller count would not reach the limit. */
	long count = mst_debug_kernel() ? 2000 : 4000;
	long made = CROWD * (count + count / 10), reports = 0;
	struct mst_rows rows;
	long long sum;
	size_t i;

	mst_reload("max_memory=1");
	self->id = spawn_and_attach(&self->prog, "counted", "crowd", count);
	mst_go(&self->prog, "go");
	do {
		char *report = mst_text("report");

		EXPECT_TRUE(mst_lost_agrees(report));
		free(report);
		sum = mst_stat(self->id, "allocated") + mst_stat(self->id, "lost_limit");
	} while (reports++ < 1000 && sum < made / 2);
	mst_wait_done(&self->prog);
	EXPECT_EQ(CROWD * count, (long)self->prog.count);
	EXPECT_GT(mst_stat(self->id, "lost_limit"), 1000);
	sum = mst_stat(self->id, "allocated") + mst_stat(self->id, "lost_limit") +
	      mst_stat(self->id, "lost_memory");
	EXPECT_EQ(made, sum);
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	/* Some of the blocks that realloc moves are lost ones. */
	EXPECT_LE(mst_stat(self->id, "unknown_free"), CROWD * (count / 10));
	EXPECT_EQ(0, mst_stat(self->id, "failed"));
	EXPECT_GE(mst_stat(self->id, "nested"), CROWD * count / 50);
	EXPECT_LE(mst_stat(0, "bytes_used"), mst_stat(0, "bytes_limit"));
	mst_rows(&rows, "targets/%d/allocations", self->id);
	for (i = 0; i < rows.count; i++)
		EXPECT_STREQ("heap", rows.row[i].kind);
	mst_rows_free(&rows);
	mst_say("%ld calls, %lld lost at the limit, %lld lost without memory, %lld nested", made,
		mst_stat(self->id, "lost_limit"), mst_stat(self->id, "lost_memory"),
		mst_stat(self->id, "nested"));
	ASSERT_ACCEPTED(mst_command("detach all"));
	ASSERT_ACCEPTED(mst_command("clear all"));
	mst_reload("");
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
