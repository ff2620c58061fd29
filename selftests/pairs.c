// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys pair= and prefix=: functions of a program that are traced by their names.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define POOL "pair=pool_alloc:2,pool_free:2"
#define WRAP "pair=wrap_alloc:1,wrap_free:1"
#define SAME "pair=same_alloc:1,same_free:1"
#define HIDDEN "pair=hidden_alloc:1,hidden_free:1"
#define MAP "pair=map_alloc:3,map_free:4"

FIXTURE(pair)
{
	struct mst_program prog;
	struct mst_program other;
	char line[16384];
	int id;
};

FIXTURE_SETUP(pair)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(pair)
{
	if (self->other.pid)
		mst_kill(&self->other);
	if (self->prog.pid)
		mst_kill(&self->prog);
	mst_fresh();
}

static int attach_with(struct mst_program *prog, const char *keys, char *line, size_t size)
{
	mst_spawn(prog, "pools", NULL);
	if (mst_command("attach %d %s", prog->pid, keys))
		mst_die("%s", mst_refusal);
	mst_line(mst_id(prog->pid), line, size);
	return mst_id(prog->pid);
}

/* The step's blocks are the rows, and no free was unknown. */
static bool step_is_exact(struct mst_program *prog, int id, const char *step)
{
	mst_step(prog, step);
	return mst_exact(prog) && mst_sound(id) && !mst_stat(id, "unknown_free") &&
	       !mst_stat(id, "replaced") && !mst_stat(id, "uncertain");
}

TEST_F(pair, blocks_of_a_pool_are_rows_and_its_chunks_are_not)
{
	self->id = attach_with(&self->prog, POOL, self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " " POOL ":");
	EXPECT_CONTAINS(self->line, " pool_alloc pools+0x");
	EXPECT_CONTAINS(self->line, " pool_free pools+0x");
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "p"));
	EXPECT_EQ(40, mst_stat(self->id, "allocated"));
	EXPECT_EQ(20, mst_stat(self->id, "freed"));
	/* 20 times 416 to 432 bytes. */
	EXPECT_EQ(3, mst_stat(self->id, "nested"));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "x"));
}

TEST_F(pair, a_pool_that_is_not_named_is_not_traced)
{
	self->id = attach_with(&self->prog, WRAP, self->line, sizeof(self->line));
	EXPECT_LACKS(self->line, "pool_alloc");
	mst_step(&self->prog, "p");
	EXPECT_EQ(3, (int)mst_rows_count(self->id));
}

TEST_F(pair, blocks_with_a_header_count_once)
{
	self->id = attach_with(&self->prog, WRAP, self->line, sizeof(self->line));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "w"));
	EXPECT_EQ(40, mst_stat(self->id, "allocated"));
	EXPECT_EQ(20, mst_stat(self->id, "freed"));
}

TEST_F(pair, blocks_of_malloc_itself_count_once)
{
	self->id = attach_with(&self->prog, SAME, self->line, sizeof(self->line));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "s"));
	EXPECT_EQ(40, mst_stat(self->id, "allocated"));
	EXPECT_EQ(20, mst_stat(self->id, "freed"));
}

TEST_F(pair, functions_may_be_local)
{
	self->id = attach_with(&self->prog, HIDDEN, self->line, sizeof(self->line));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "h"));
}

TEST_F(pair, arguments_are_numbered_from_1_to_4)
{
	self->id = attach_with(&self->prog, MAP, self->line, sizeof(self->line));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "m"));
	EXPECT_EQ(40, mst_stat(self->id, "allocated"));
	EXPECT_EQ(20, mst_stat(self->id, "freed"));
}

TEST_F(pair, several_pairs_are_traced_at_once)
{
	self->id = attach_with(&self->prog, POOL " " WRAP " " SAME " " HIDDEN " " MAP, self->line,
			       sizeof(self->line));
	EXPECT_CONTAINS(self->line, " " POOL " " WRAP " " SAME " " HIDDEN " " MAP ":");
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "p"));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "w"));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "s"));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "h"));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "m"));
}

/* Calls within a pool's function are nested also if that call is not followed. */
TEST_F(pair, filtered_blocks_hide_their_chunks)
{
	self->id = attach_with(&self->prog, POOL " max=20", self->line, sizeof(self->line));
	mst_step(&self->prog, "p");
	/* 10 to 20 bytes. */
	EXPECT_EQ(11, (int)mst_rows_count(self->id));
	EXPECT_EQ(29, mst_stat(self->id, "filtered"));
	EXPECT_EQ(3, mst_stat(self->id, "nested"));
}

TEST_F(pair, of_one_target_does_not_concern_another)
{
	int other;

	self->id = attach_with(&self->prog, POOL, self->line, sizeof(self->line));
	other = attach_with(&self->other, "", self->line, sizeof(self->line));
	EXPECT_LACKS(self->line, "pool_alloc");
	mst_step(&self->other, "p");
	EXPECT_EQ(3, (int)mst_rows_count(other));
	EXPECT_EQ(3, mst_stat(other, "allocated"));
	mst_step(&self->prog, "p");
	EXPECT_EQ(20, (int)mst_rows_count(self->id));
	/* Detaching one leaves the other one's probes. */
	EXPECT_ACCEPTED(mst_command("detach %d", self->other.pid));
	mst_step(&self->prog, "p");
	EXPECT_EQ(40, (int)mst_rows_count(self->id));
}

TEST_F(pair, of_two_targets_may_mean_different_arguments)
{
	struct mst_rows rows;
	int other;

	self->id = attach_with(&self->prog, MAP, self->line, sizeof(self->line));
	other = attach_with(&self->other, "pair=map_alloc:4,map_free:4", self->line,
			    sizeof(self->line));
	mst_step(&self->other, "m");
	mst_rows(&rows, "targets/%d/allocations", other);
	ASSERT_EQ(20, rows.count);
	/* The alignment. */
	EXPECT_EQ(20, rows.bytes);
	mst_rows_free(&rows);
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "m"));
}

/* Frees of functions that are called while probes come and go. */
TEST_F(pair, can_be_attached_and_detached_in_a_busy_program)
{
	static const char *const keys[] = { POOL, POOL " " SAME, "", SAME };
	int i, n = mst_scaled(20, 8);

	mst_spawn(&self->prog, "pools", NULL);
	mst_spawn(&self->other, "pools", NULL);
	mst_go(&self->prog, "b");
	mst_go(&self->other, "b");
	for (i = 0; i < n; i++) {
		ASSERT_ACCEPTED(mst_command("attach %d %s", self->prog.pid, keys[i % 4]));
		ASSERT_ACCEPTED(mst_command("attach %d %s", self->other.pid, keys[i / 2 % 4]));
		usleep(20000);
		ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
		usleep(5000);
		ASSERT_ACCEPTED(mst_command("detach %d", self->other.pid));
		ASSERT_ACCEPTED(mst_command("clear all"));
	}
	EXPECT_EQ(0, mst_stat(0, "probes"));
}

TEST_F(pair, that_no_object_defines_is_refused)
{
	mst_spawn(&self->prog, "pools", NULL);
	EXPECT_EQ(ENOENT, mst_command("attach %d pair=no_alloc:1,pool_free:2", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal,
			"pair=no_alloc:1,pool_free:2: no mapped object defines no_alloc (ENOENT)");
	EXPECT_EQ(ENOENT, mst_command("attach %d pair=pool_alloc:1,no_free:2", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal,
			"pair=pool_alloc:1,no_free:2: no mapped object defines no_free (ENOENT)");
	EXPECT_EQ(ENOENT,
		  mst_command("attach %d " POOL " pair=no_alloc:1,no_free:1", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal,
			"pair=no_alloc:1,no_free:1: no mapped object defines no_alloc");
	/* One is in the program, the other one in libc. */
	EXPECT_EQ(ENOENT,
		  mst_command("attach %d pair=pool_alloc:1,freeaddrinfo:1", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "no mapped object defines both");
	/* object= excludes the program. */
	EXPECT_EQ(ENOENT, mst_command("attach %d " POOL " object=%s", self->prog.pid, mst_libc()));
	EXPECT_CONTAINS(mst_refusal, "defines pool_alloc, nor");
	EXPECT_ACCEPTED(mst_command("attach %d " POOL " object=pools", self->prog.pid));
	mst_fresh();
	EXPECT_EQ(0, mst_stat(0, "probes"));
}

TEST_F(pair, prefix_traces_an_allocator_with_a_prefix)
{
	self->id = attach_with(&self->prog, "prefix=my_", self->line, sizeof(self->line));
	EXPECT_CONTAINS(self->line, " prefix=my_:");
	EXPECT_CONTAINS(self->line, " my_malloc pools+0x");
	EXPECT_CONTAINS(self->line, " my_posix_memalign pools+0x");
	EXPECT_LACKS(self->line, "pool_alloc");
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "f"));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "x"));
}

TEST_F(pair, prefix_and_pairs_are_traced_together)
{
	self->id = attach_with(&self->prog, SAME " prefix=my_", self->line, sizeof(self->line));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "f"));
	EXPECT_TRUE(step_is_exact(&self->prog, self->id, "s"));
}

TEST_F(pair, prefix_that_no_object_defines_is_refused)
{
	mst_spawn(&self->prog, "pools", NULL);
	EXPECT_EQ(ENOENT, mst_command("attach %d prefix=your_", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal,
			"prefix=your_: no mapped object defines your_malloc and your_free");
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
