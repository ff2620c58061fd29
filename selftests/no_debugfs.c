// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that was booted with debugfs=off: the module has its files in /proc alone.
 *
 * It needs a machine of its own, see "check": all other tests use debugfs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

static bool has_debugfs(void)
{
	int fd = open("/proc/filesystems", O_RDONLY | O_CLOEXEC);
	char *text = mst_text_of(fd);
	bool found = strstr(text, "\tdebugfs\n");

	free(text);
	close(fd);
	return found;
}

FIXTURE(proc)
{
	struct mst_program prog;
};

FIXTURE_SETUP(proc)
{
	mst_dir = MST_PROC_DIR;
	mst_fresh();
}

FIXTURE_TEARDOWN(proc)
{
	mst_kill(&self->prog);
	mst_load("");
	mst_fresh();
}

TEST_F(proc, alone_shows_what_the_program_keeps)
{
	struct mst_rows rows;
	char *text;

	mst_spawn(&self->prog, "mix", "all", "8", NULL);
	EXPECT_EQ(-1, access(MST_DIR, F_OK));
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	EXPECT_STREQ("tracing", mst_state(mst_id(self->prog.pid)));
	mst_step(&self->prog, "go");
	mst_rows(&rows, "allocations");
	EXPECT_EQ(self->prog.count, rows.count);
	EXPECT_EQ(self->prog.bytes, rows.bytes);
	EXPECT_EQ(self->prog.hash, rows.hash);
	mst_rows_free(&rows);
	text = mst_text("report");
	EXPECT_CONTAINS(text, " bytes in ");
	free(text);
	EXPECT_EQ(EBUSY, mst_command("attach %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "(EBUSY)");
	ASSERT_ACCEPTED(mst_command("detach all"));
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

/* Each step of the program keeps four blocks; those of earlier steps are not recorded any more. */
TEST_F(proc, alone_keeps_the_module_while_a_file_is_open)
{
	struct mst_rows rows;
	int fd, i;

	mst_spawn(&self->prog, "chain", NULL);
	fd = mst_open(O_RDONLY, "report");
	ASSERT_LE(0, fd);
	EXPECT_EQ(EWOULDBLOCK, mst_unload());
	close(fd);
	for (i = 0; i < 5; i++) {
		ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
		mst_step(&self->prog, "go");
		mst_rows(&rows, "allocations");
		EXPECT_EQ(4, rows.count);
		mst_rows_free(&rows);
		ASSERT_EQ(0, mst_unload());
		EXPECT_EQ(-1, access(MST_PROC_DIR, F_OK));
		ASSERT_EQ(0, mst_load(""));
	}
}

int main(int argc, char **argv)
{
	mst_dir = MST_PROC_DIR;
	if (has_debugfs())
		ksft_exit_skip("the kernel has debugfs: boot it with debugfs=off\n");
	mst_begin();
	return test_harness_run(argc, argv);
}
