// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of the allocator in progress while something else happens: a reader looks, the target is
 * cleared, detached, killed or forks, a signal handler allocates.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(call)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(call)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(call)
{
	mst_fresh();
}

/* Returns while the program is within the call. */
static int spawn_within_call(struct mst_program *prog, const char *name)
{
	int id;

	mst_spawn(prog, "toy_apart", name, NULL);
	id = mst_attach(prog->pid);
	mst_step(prog, "go");
	return id;
}

/* Return: the number of rows, of one size or (0) of all. */
static size_t rows_of(int id, unsigned long size)
{
	struct mst_rows rows;
	size_t i, count = 0;

	mst_rows(&rows, "targets/%d/allocations", id);
	for (i = 0; i < rows.count; i++)
		count += !size || rows.row[i].size == size;
	mst_rows_free(&rows);
	return count;
}

TEST_F(call, of_realloc_still_shows_the_old_block)
{
	self->id = spawn_within_call(&self->prog, "paused_realloc");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	mst_step(&self->prog, "on");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(call, of_malloc_shows_its_block_after_the_return)
{
	self->id = spawn_within_call(&self->prog, "paused_malloc");
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "on");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* An allocation belongs to the epoch of its return. */
TEST_F(call, of_malloc_counts_after_a_clear_within_it)
{
	self->id = spawn_within_call(&self->prog, "paused_malloc");
	ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	EXPECT_EQ(0, rows_of(self->id, 0));
	mst_step(&self->prog, "on");
	EXPECT_EQ(1, rows_of(self->id, 0));
	EXPECT_EQ(1, rows_of(self->id, 380));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(call, of_realloc_counts_after_a_clear_within_it)
{
	self->id = spawn_within_call(&self->prog, "paused_realloc");
	ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	EXPECT_EQ(0, rows_of(self->id, 0));
	mst_step(&self->prog, "on");
	EXPECT_EQ(1, rows_of(self->id, 0));
	EXPECT_EQ(1, rows_of(self->id, 450));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The record that realloc had taken is put back, and the rest of the call is not seen. */
TEST_F(call, of_realloc_keeps_the_old_block_if_detached)
{
	self->id = spawn_within_call(&self->prog, "paused_realloc");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_STREQ("detached", mst_state(self->id));
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "on");
	EXPECT_EQ(2, rows_of(self->id, 0));
	EXPECT_EQ(1, rows_of(self->id, 350));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(call, of_malloc_adds_no_row_if_detached)
{
	self->id = spawn_within_call(&self->prog, "paused_malloc");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "on");
	EXPECT_EQ(1, rows_of(self->id, 0));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The return belongs to the target that was attached when the call started. */
TEST_F(call, of_realloc_is_not_the_next_targets)
{
	int second;

	self->id = spawn_within_call(&self->prog, "paused_realloc");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	second = mst_id(self->prog.pid);
	mst_step(&self->prog, "on");
	EXPECT_EQ(2, rows_of(self->id, 0));
	EXPECT_LE(rows_of(second, 0), 1);
	EXPECT_EQ(0, rows_of(second, 350));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* An allocator's own mapping is not an allocation, even if its call started before the attach. */
static bool is_exact_if_call_came_first(struct mst_program *prog, const char *program,
					const char *name)
{
	bool exact;
	int id;

	mst_spawn(prog, program, name, NULL);
	mst_step(prog, "go");
	id = mst_attach(prog->pid);
	mst_step(prog, "on");
	exact = mst_exact(prog) && mst_sound(id) && rows_of(id, 0) == 1 &&
		mst_stat(id, "nested") == 1;
	if (!exact)
		mst_say("%s %s: expected one row and nested=1, got %zu rows and nested=%lld: %s",
			program, name, rows_of(id, 0), mst_stat(id, "nested"), mst_text("report"));
	return mst_ends_well(prog) && exact;
}

TEST_F(call, mappings_of_an_older_malloc_are_nested)
{
	EXPECT_TRUE(is_exact_if_call_came_first(&self->prog, "toy_apart", "mapping_malloc"));
	EXPECT_TRUE(is_exact_if_call_came_first(&self->prog, "toy", "mapping_malloc"));
}

/* realloc has jumped to the function that does its work. */
TEST_F(call, mappings_of_an_older_realloc_are_nested)
{
	EXPECT_TRUE(is_exact_if_call_came_first(&self->prog, "toy_apart", "mapping_realloc"));
	EXPECT_TRUE(is_exact_if_call_came_first(&self->prog, "toy", "mapping_realloc"));
}

TEST_F(call, mappings_in_a_handler_within_an_older_malloc_are_exact)
{
	EXPECT_TRUE(is_exact_if_call_came_first(&self->prog, "toy_apart", "mapping_handler"));
	EXPECT_TRUE(is_exact_if_call_came_first(&self->prog, "toy", "mapping_handler"));
}

TEST_F(call, of_realloc_keeps_the_old_block_if_killed)
{
	self->id = spawn_within_call(&self->prog, "paused_realloc");
	kill(self->prog.pid, SIGKILL);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	mst_kill(&self->prog);
}

/* Parent and child both return from the call. */
TEST_F(call, of_malloc_survives_a_fork_within_it)
{
	self->id = spawn_within_call(&self->prog, "forked_within");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(call, interrupted_by_an_allocating_handler_is_exact)
{
	self->id = spawn_within_call(&self->prog, "signal_allocates");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
