// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stacks are right although the module remembers frames of earlier walks: where inner frames have
 * the same stack pointer and pc, a difference further out is found. programs/same_place.c describes
 * the cases.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define ROUNDS 200
#define FLIPPED 5000

FIXTURE(remembered)
{
	struct mst_program prog;
	bool is_cleared; /* the program counts blocks that the module does not */
};

FIXTURE_SETUP(remembered)
{
	mst_fresh();
	mst_spawn(&self->prog, "same_place", NULL);
	mst_attach(self->prog.pid);
}

FIXTURE_TEARDOWN(remembered)
{
	if (!self->is_cleared)
		EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
	EXPECT_EQ(0, mst_end(&self->prog));
	mst_fresh();
}

/* The blocks of that many bytes, and their stack; 0 if they have several stacks. */
static unsigned int only_stack_of(size_t bytes, size_t *nr)
{
	struct mst_rows rows;
	unsigned int stack = 0;
	bool is_only = true;
	size_t i;

	*nr = 0;
	mst_rows(&rows, "allocations");
	for (i = 0; i < rows.count; i++) {
		if (rows.row[i].size != bytes)
			continue;
		is_only &= !stack || rows.row[i].stack == stack;
		stack = rows.row[i].stack;
		++*nr;
	}
	mst_rows_free(&rows);
	return is_only ? stack : 0;
}

/* True if the blocks of @bytes have one stack, those of @bytes + 1 another one. */
static bool has_two_stacks(struct mst_program *prog, const char *step, size_t bytes)
{
	unsigned int first, second;
	size_t nr_first, nr_second;

	mst_step(prog, step);
	first = only_stack_of(bytes, &nr_first);
	second = only_stack_of(bytes + 1, &nr_second);
	if (first && second && first != second && nr_first == ROUNDS / 2 && nr_second == ROUNDS / 2)
		return true;
	mst_say("%s: expected %d blocks of one stack and %d of another, found %zu of stack %u and "
		"%zu of stack %u (0: several)",
		step, ROUNDS / 2, ROUNDS / 2, nr_first, first, nr_second, second);
	return false;
}

TEST_F(remembered, callers_of_one_function_have_stacks_of_their_own)
{
	EXPECT_TRUE(has_two_stacks(&self->prog, "callers", 1001));
}

TEST_F(remembered, outer_frames_are_compared)
{
	EXPECT_TRUE(has_two_stacks(&self->prog, "outer", 2001));
}

TEST_F(remembered, frames_by_frame_pointers_are_compared)
{
	EXPECT_TRUE(has_two_stacks(&self->prog, "pointer", 3001));
	EXPECT_GT(mst_stat(0, "frames_by_pointer"), ROUNDS);
}

TEST_F(remembered, threads_that_reuse_a_stack_have_stacks_of_their_own)
{
	EXPECT_TRUE(has_two_stacks(&self->prog, "threads", 4001));
}

/* The number of walks is that of events, also after a clear, when all stacks are new. */
TEST_F(remembered, walks_are_counted_as_walks)
{
	mst_step(&self->prog, "callers");
	EXPECT_EQ(ROUNDS, mst_stat(0, "walk_end"));
	EXPECT_GE(mst_stat(0, "frames_by_rule"), 4 * ROUNDS);
}

TEST_F(remembered, stacks_are_stored_again_after_a_clear)
{
	size_t nr;

	mst_step(&self->prog, "callers");
	self->is_cleared = true;
	EXPECT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	EXPECT_TRUE(has_two_stacks(&self->prog, "outer", 2001));
	EXPECT_EQ(0, only_stack_of(1001, &nr));
	EXPECT_EQ(0, nr);
	mst_step(&self->prog, "callers");
	EXPECT_NE(0, only_stack_of(1001, &nr));
	EXPECT_EQ(ROUNDS / 2, nr);
}

/* A return address that changes while walks read it gives one stack or the other. */
TEST_F(remembered, frame_that_changes_during_walks_does_no_harm)
{
	char *report, *at;
	long long made, sum = 0;

	mst_step(&self->prog, "flip");
	report = mst_text("report");
	for (at = report; (at = strstr(at, " ms, ")); at++)
		if (sscanf(at, " ms, %lld made", &made) == 1)
			sum += made;
	EXPECT_EQ(mst_stat(0, "allocated"), sum);
	EXPECT_GE(sum, FLIPPED);
	free(report);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
