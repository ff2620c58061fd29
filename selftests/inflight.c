// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that are under way while something else happens: a reader looks, the
 * target is cleared, detached, killed or forks, a signal handler allocates.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"

FIXTURE(call)
{
	struct mst_program l;
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

/* The program stands within the call when this comes back. */
static int start(struct mst_program *l, const char *name)
{
	mst_spawn(l, "toy_apart", name, NULL);
	if (mst_command("attach %d", l->pid))
		mst_die("%s", mst_refusal);
	mst_step(l, "go");
	return mst_id(l->pid);
}

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

TEST_F(call, a_block_that_realloc_moves_is_shown_as_it_was)
{
	self->id = start(&self->l, "paused_realloc");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_TRUE(mst_sound(self->id));
	mst_step(&self->l, "on");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->l));
}

TEST_F(call, a_block_is_shown_when_malloc_has_returned)
{
	self->id = start(&self->l, "paused_malloc");
	EXPECT_TRUE(mst_exact(&self->l));
	mst_step(&self->l, "on");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* An allocation belongs to the epoch of its return. */
TEST_F(call, cleared_within_malloc)
{
	self->id = start(&self->l, "paused_malloc");
	ASSERT_EQ(0, mst_command("clear %d", self->l.pid));
	EXPECT_EQ(0, rows_of(self->id, 0));
	mst_step(&self->l, "on");
	EXPECT_EQ(1, rows_of(self->id, 0));
	EXPECT_EQ(1, rows_of(self->id, 380));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->l));
}

TEST_F(call, cleared_within_realloc)
{
	self->id = start(&self->l, "paused_realloc");
	ASSERT_EQ(0, mst_command("clear %d", self->l.pid));
	EXPECT_EQ(0, rows_of(self->id, 0));
	mst_step(&self->l, "on");
	EXPECT_EQ(1, rows_of(self->id, 0));
	EXPECT_EQ(1, rows_of(self->id, 450));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* What was taken is put back, and what happens later is not seen. */
TEST_F(call, detached_within_realloc)
{
	self->id = start(&self->l, "paused_realloc");
	ASSERT_EQ(0, mst_command("detach %d", self->l.pid));
	EXPECT_STREQ("detached", mst_state(self->id));
	EXPECT_TRUE(mst_exact(&self->l));
	mst_step(&self->l, "on");
	EXPECT_EQ(2, rows_of(self->id, 0));
	EXPECT_EQ(1, rows_of(self->id, 350));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->l));
}

TEST_F(call, detached_within_malloc)
{
	self->id = start(&self->l, "paused_malloc");
	ASSERT_EQ(0, mst_command("detach %d", self->l.pid));
	EXPECT_TRUE(mst_exact(&self->l));
	mst_step(&self->l, "on");
	EXPECT_EQ(1, rows_of(self->id, 0));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* The return of a call that another target has begun is not this one's. */
TEST_F(call, attached_anew_within_realloc)
{
	int second;

	self->id = start(&self->l, "paused_realloc");
	ASSERT_EQ(0, mst_command("detach %d", self->l.pid));
	ASSERT_EQ(0, mst_command("attach %d", self->l.pid));
	second = mst_id(self->l.pid);
	mst_step(&self->l, "on");
	EXPECT_EQ(2, rows_of(self->id, 0));
	EXPECT_LE(rows_of(second, 0), 1);
	EXPECT_EQ(0, rows_of(second, 350));
	EXPECT_EQ(0, mst_end(&self->l));
}

/* What an allocator maps is no allocation, whether its own call was seen or not. */
static bool unseen(struct mst_program *l, const char *program, const char *name)
{
	bool exact;
	int id;

	mst_spawn(l, program, name, NULL);
	mst_step(l, "go");
	if (mst_command("attach %d", l->pid))
		mst_die("%s", mst_refusal);
	id = mst_id(l->pid);
	mst_step(l, "on");
	exact = mst_exact(l) && mst_sound(id) && rows_of(id, 0) == 1 && mst_stat(id, "nested") == 1;
	if (!exact)
		mst_say("%s %s: %s", program, name, mst_text("report"));
	return !mst_end(l) && exact;
}

TEST_F(call, attached_within_a_malloc_that_maps)
{
	EXPECT_TRUE(unseen(&self->l, "toy_apart", "mapping_malloc"));
	EXPECT_TRUE(unseen(&self->l, "toy", "mapping_malloc"));
}

/* realloc has jumped to what does its work. */
TEST_F(call, attached_within_a_realloc_that_maps)
{
	EXPECT_TRUE(unseen(&self->l, "toy_apart", "mapping_realloc"));
	EXPECT_TRUE(unseen(&self->l, "toy", "mapping_realloc"));
}

TEST_F(call, attached_within_a_handler_that_maps_and_interrupted_malloc)
{
	EXPECT_TRUE(unseen(&self->l, "toy_apart", "mapping_handler"));
	EXPECT_TRUE(unseen(&self->l, "toy", "mapping_handler"));
}

TEST_F(call, killed_within_realloc)
{
	self->id = start(&self->l, "paused_realloc");
	kill(self->l.pid, SIGKILL);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_TRUE(mst_sound(self->id));
	mst_kill(&self->l);
}

/* Both of a fork come back from the call unharmed. */
TEST_F(call, forked_within_malloc)
{
	self->id = start(&self->l, "forked_within");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_EQ(0, mst_end(&self->l));
}

TEST_F(call, interrupted_by_a_handler_that_allocates)
{
	self->id = start(&self->l, "signal_allocates");
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->l));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
