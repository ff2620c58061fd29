// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module comes and goes: with targets alive, with files open, with targets
 * ended; nobody is harmed and nothing is left.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mlu.h"

FIXTURE(module)
{
	struct mlu_leaker busy, idle;
};

FIXTURE_SETUP(module)
{
	mlu_fresh();
	mlu_spawn(&self->busy, "balance", "2", NULL);
	mlu_spawn(&self->idle, "life", "idle", NULL);
}

FIXTURE_TEARDOWN(module)
{
	mlu_kill(&self->busy);
	mlu_kill(&self->idle);
	mlu_load("");
}

TEST_F(module, an_open_file_keeps_it)
{
	static const char *const files[] = { "control", "report", "allocations", "stats" };
	unsigned int i;
	int fd;

	for (i = 0; i < 4; i++) {
		fd = mlu_open(O_RDONLY, "%s", files[i]);
		EXPECT_EQ(EWOULDBLOCK, mlu_unload());
		close(fd);
	}
	EXPECT_EQ(0, mlu_unload());
	EXPECT_EQ(-1, access(MLU_DIR, F_OK));
	EXPECT_EQ(0, mlu_load(""));
	EXPECT_EQ(0, access(MLU_DIR "/control", F_OK));
}

/* So does the file that a target is bound to. */
TEST_F(module, a_bound_target_keeps_it)
{
	int fd = mlu_open(O_RDWR, "control");

	ASSERT_EQ(0, mlu_command_through(fd, "attach %d bound=1", self->busy.pid));
	EXPECT_EQ(EWOULDBLOCK, mlu_unload());
	close(fd);
	EXPECT_EQ(0, mlu_unload());
}

/* Twenty times, with a target that never rests and now and then one that does. */
TEST_F_TIMEOUT(module, comes_and_goes_with_live_targets, 120)
{
	int i, rounds = mlu_scaled(20, 5);

	mlu_step(&self->busy, "run");
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, mlu_command("attach %d", self->busy.pid));
		if (i % 4 == 0)
			ASSERT_EQ(0, mlu_command("attach %d", self->idle.pid));
		EXPECT_EQ(i % 4 ? 1 : 2, mlu_stat(0, "tracing"));
		mlu_step(&self->busy, "turns");
		ASSERT_EQ(0, mlu_unload());
		mlu_step(&self->busy, "turns");
		ASSERT_EQ(0, mlu_load(""));
		EXPECT_EQ(0, mlu_stat(0, "targets"));
	}
	mlu_step(&self->idle, "go");
	mlu_step(&self->busy, "quiet");
}

/* With records of all sorts left in it. */
TEST_F(module, goes_with_targets_that_have_ended)
{
	struct mlu_leaker gone;

	mlu_spawn(&gone, "mix", "all", "8", NULL);
	ASSERT_EQ(0, mlu_command("attach %d", gone.pid));
	mlu_step(&gone, "go");
	ASSERT_EQ(0, mlu_command("attach %d", self->idle.pid));
	mlu_step(&self->idle, "go");
	ASSERT_EQ(0, mlu_command("detach %d", self->idle.pid));
	mlu_kill(&gone);
	ASSERT_EQ(0, mlu_unload());
	ASSERT_EQ(0, mlu_load(""));
	EXPECT_EQ(0, mlu_stat(0, "targets"));
}

/* Targets that end in the very moment. */
TEST_F(module, goes_while_its_target_is_killed)
{
	struct mlu_leaker dying;
	int i;

	for (i = 0; i < 5; i++) {
		mlu_spawn(&dying, "balance", "2", NULL);
		ASSERT_EQ(0, mlu_command("attach %d", dying.pid));
		mlu_step(&dying, "run");
		mlu_kill(&dying);
		ASSERT_EQ(0, mlu_unload());
		ASSERT_EQ(0, mlu_load(""));
	}
}

TEST_F(module, refuses_parameters_that_make_no_sense)
{
	ASSERT_EQ(0, mlu_unload());
	EXPECT_NE(0, mlu_load("max_memory=nonsense"));
	EXPECT_NE(0, mlu_load("max_targets=-1"));
	EXPECT_EQ(0, mlu_load("no_such_parameter=1"));
	EXPECT_EQ(0, mlu_unload());
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
