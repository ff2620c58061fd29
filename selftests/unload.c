// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unloading and loading the module: with live targets, with open files, with ended targets. No
 * target is harmed and nothing is left behind.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

static const char *const dirs[] = { MST_DIR, MST_PROC_DIR };

FIXTURE(module)
{
	struct mst_program busy, idle;
};

FIXTURE_SETUP(module)
{
	mst_fresh();
	mst_spawn(&self->busy, "balance", "2", NULL);
	mst_spawn(&self->idle, "life", "idle", NULL);
}

FIXTURE_TEARDOWN(module)
{
	mst_dir = MST_DIR;
	mst_kill(&self->busy);
	mst_kill(&self->idle);
	mst_load("");
}

TEST_F(module, stays_while_a_file_is_open)
{
	static const char *const files[] = { "control", "report", "allocations", "blocks",
					     "stats" };
	unsigned int d, i;
	int fd;

	for (d = 0; d < 2; d++) {
		mst_dir = dirs[d];
		for (i = 0; i < 5; i++) {
			fd = mst_open(O_RDONLY, "%s", files[i]);
			ASSERT_LE(0, fd);
			EXPECT_EQ(EWOULDBLOCK, mst_unload());
			close(fd);
		}
	}
	EXPECT_EQ(0, mst_unload());
	EXPECT_EQ(-1, access(MST_DIR, F_OK));
	EXPECT_EQ(-1, access(MST_PROC_DIR, F_OK));
	EXPECT_EQ(0, mst_load(""));
	EXPECT_EQ(0, access(MST_DIR "/control", F_OK));
	EXPECT_EQ(0, access(MST_PROC_DIR "/control", F_OK));
}

TEST_F(module, stays_while_a_target_is_bound)
{
	unsigned int d;
	int fd;

	for (d = 0; d < 2; d++) {
		mst_dir = dirs[d];
		fd = mst_open(O_RDWR, "control");
		ASSERT_ACCEPTED(mst_command_through(fd, "attach %d bound=1", self->busy.pid));
		EXPECT_EQ(EWOULDBLOCK, mst_unload());
		close(fd);
		EXPECT_EQ(0, mst_unload());
		EXPECT_EQ(0, mst_load(""));
	}
}

/* Twenty times, with a target that never pauses and in every fourth round an idle one. */
TEST_F(module, can_be_reloaded_with_live_targets)
{
	int i, rounds = mst_scaled(20, 5);

	mst_step(&self->busy, "run");
	for (i = 0; i < rounds; i++) {
		ASSERT_ACCEPTED(mst_command("attach %d", self->busy.pid));
		if (i % 4 == 0)
			mst_attach(self->idle.pid);
		EXPECT_EQ(i % 4 ? 1 : 2, mst_stat(0, "tracing"));
		mst_step(&self->busy, "turns");
		ASSERT_EQ(0, mst_unload());
		mst_step(&self->busy, "turns");
		ASSERT_EQ(0, mst_load(""));
		EXPECT_EQ(0, mst_stat(0, "targets"));
	}
	mst_step(&self->idle, "go");
	mst_step(&self->busy, "quiet");
}

/* Records of all kinds are left in the module. */
TEST_F(module, can_be_unloaded_with_ended_targets)
{
	struct mst_program gone;

	mst_spawn(&gone, "mix", "all", "8", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", gone.pid));
	mst_step(&gone, "go");
	ASSERT_ACCEPTED(mst_command("attach %d", self->idle.pid));
	mst_step(&self->idle, "go");
	ASSERT_ACCEPTED(mst_command("detach %d", self->idle.pid));
	mst_kill(&gone);
	ASSERT_EQ(0, mst_unload());
	ASSERT_EQ(0, mst_load(""));
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

TEST_F(module, can_be_unloaded_while_its_target_dies)
{
	struct mst_program dying;
	int i;

	for (i = 0; i < 5; i++) {
		mst_spawn(&dying, "balance", "2", NULL);
		ASSERT_ACCEPTED(mst_command("attach %d", dying.pid));
		mst_step(&dying, "run");
		mst_kill(&dying);
		ASSERT_EQ(0, mst_unload());
		ASSERT_EQ(0, mst_load(""));
	}
}

TEST_F(module, refuses_invalid_parameters)
{
	ASSERT_EQ(0, mst_unload());
	EXPECT_NE(0, mst_load("max_memory=nonsense"));
	EXPECT_NE(0, mst_load("max_targets=-1"));
	EXPECT_EQ(0, mst_load("no_such_parameter=1"));
	EXPECT_EQ(0, mst_unload());
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
