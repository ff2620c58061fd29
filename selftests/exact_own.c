// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness of programs with an allocator of their own, which takes memory from another one: each
 * block is counted once, with the program's size and address, however the one calls the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(own)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(own)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(own)
{
	mst_kill(&self->prog);
	mst_fresh();
}

static bool is_exact_after(struct mst_program *prog, int id, const char *step)
{
	mst_step(prog, step);
	if (mst_exact(prog) && mst_sound(id) && mst_stat(id, "failed") == (long long)prog->failed)
		return true;
	mst_say("after %s: %s", step, mst_text("targets/%d/report", id));
	return false;
}

/* Blocks of each function, of a handler that interrupts malloc, and after malloc was abandoned. */
#define EXACT_OF(program)                                                     \
	TEST_F(own, program)                                                  \
	{                                                                     \
		mst_spawn(&self->prog, "own_" #program, NULL);                \
		self->id = mst_attach(self->prog.pid);                        \
		EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));     \
		EXPECT_GE(mst_stat(self->id, "nested"), 20);                  \
		EXPECT_EQ(0, mst_stat(self->id, "uncertain"));                \
		EXPECT_TRUE(is_exact_after(&self->prog, self->id, "signal")); \
		EXPECT_EQ(0, mst_stat(self->id, "uncertain"));                \
		EXPECT_TRUE(is_exact_after(&self->prog, self->id, "jump"));   \
		/* The call that was left. */                                 \
		EXPECT_EQ(1, mst_stat(self->id, "uncertain"));                \
	}

EXACT_OF(tail)
EXACT_OF(calls)
EXACT_OF(next)
EXACT_OF(library)
EXACT_OF(static)

TEST_F(own, preloaded)
{
	char preload[512];

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here("programs/libown.so"));
	mst_spawn(&self->prog, preload, "mix", "malloc,calloc,realloc,posix_memalign", "2", NULL);
	self->id = mst_attach(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_GE(mst_stat(self->id, "nested"), 20);
}

/* malloc is nothing but a jump to that of the C library. */
TEST_F(own, jump)
{
	mst_spawn(&self->prog, "own_jump", "malloc", NULL);
	self->id = mst_attach(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_GE(mst_stat(self->id, "nested"), 20);
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
}

/* operator new of libstdc++ calls the program's malloc. */
TEST_F(own, operator_new)
{
	mst_spawn(&self->prog, "own_new", NULL);
	self->id = mst_attach(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_GE(mst_stat(self->id, "nested"), 20);
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
}

/* How deep the report's stacks are does not matter to what is nested. */
TEST_F(own, at_a_depth_of_one)
{
	mst_spawn(&self->prog, "own_tail", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d depth=1", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "signal"));
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "jump"));
}

/* Where the stack cannot be walked the call is taken for nested, and counted as uncertain. */
TEST_F(own, without_unwind_data)
{
	long long uncertain;

	mst_spawn(&self->prog, "own_bare", NULL);
	self->id = mst_attach(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	uncertain = mst_stat(self->id, "uncertain");
	EXPECT_GT(uncertain, 20);
	mst_step(&self->prog, "signal");
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_TRUE(mst_exact(&self->prog) || mst_stat(self->id, "uncertain") > uncertain);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
