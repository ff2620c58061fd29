// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exactness of programs with an allocator of their own that takes its memory from another one: each
 * block is counted once, with the program's size and address, however one calls the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

FIXTURE(own_allocator)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(own_allocator)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(own_allocator)
{
	mst_kill(&self->prog);
	mst_fresh();
}

static bool is_exact_after(struct mst_program *prog, int id, const char *step)
{
	mst_step(prog, step);
	if (mst_exact(prog) && mst_sound(id) && mst_stat(id, "failed") == (long long)prog->failed)
		return true;
	mst_say("after step %s: failed should be %lu, is %lld; report: %s", step, prog->failed,
		mst_stat(id, "failed"), mst_text("targets/%d/report", id));
	return false;
}

/* Exact for each function, within a signal handler that interrupts malloc, and after a longjmp. */
#define EXACT_OF(program)                                                     \
	TEST_F(own_allocator, is_exact_with_##program)                        \
	{                                                                     \
		mst_spawn(&self->prog, "own_" #program, NULL);                \
		self->id = mst_attach(self->prog.pid);                        \
		EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));     \
		EXPECT_GE(mst_stat(self->id, "nested"), 20);                  \
		EXPECT_EQ(0, mst_stat(self->id, "uncertain"));                \
		EXPECT_TRUE(is_exact_after(&self->prog, self->id, "signal")); \
		EXPECT_EQ(0, mst_stat(self->id, "uncertain"));                \
		EXPECT_TRUE(is_exact_after(&self->prog, self->id, "jump"));   \
		/* The abandoned call. */                                     \
		EXPECT_EQ(1, mst_stat(self->id, "uncertain"));                \
	}

EXACT_OF(tail)
EXACT_OF(calls)
EXACT_OF(next)
EXACT_OF(library)
EXACT_OF(static)

TEST_F(own_allocator, preloaded_is_exact)
{
	char preload[512];

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here("programs/libown.so"));
	mst_spawn(&self->prog, preload, "mix", "malloc,calloc,realloc,posix_memalign", "2", NULL);
	self->id = mst_attach(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_GE(mst_stat(self->id, "nested"), 20);
}

/* malloc only jumps to that of the C library. */
TEST_F(own_allocator, that_jumps_is_exact)
{
	mst_spawn(&self->prog, "own_jump", "malloc", NULL);
	self->id = mst_attach(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_GE(mst_stat(self->id, "nested"), 20);
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
}

/* The operator new of libstdc++ calls the program's malloc. */
TEST_F(own_allocator, below_operator_new_is_exact)
{
	mst_spawn(&self->prog, "own_new", NULL);
	self->id = mst_attach(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_GE(mst_stat(self->id, "nested"), 20);
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
}

/* Detecting nested calls does not depend on the depth of the report's stacks. */
TEST_F(own_allocator, is_exact_at_depth_1)
{
	mst_spawn(&self->prog, "own_tail", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d depth=1", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "go"));
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "signal"));
	EXPECT_TRUE(is_exact_after(&self->prog, self->id, "jump"));
}

/* If the stack cannot be walked, the call is assumed to be nested and counted as uncertain. */
TEST_F(own_allocator, without_unwind_data_is_exact_or_uncertain)
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
