// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of attach: the effect of each, and that control shows those not at their default.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

FIXTURE(option)
{
	struct mst_program prog;
};

FIXTURE_SETUP(option)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(option)
{
	mst_kill(&self->prog);
	mst_fresh();
}

/* The rows are exactly the program's blocks of min to max bytes. */
static bool is_exact_between(const struct mst_program *prog, unsigned long min, unsigned long max)
{
	struct mst_rows want = { 0 }, got;
	size_t i;
	bool same;

	want.row = calloc(prog->keep.count + 1, sizeof(*want.row));
	for (i = 0; i < prog->keep.count; i++)
		if (prog->keep.row[i].size >= min && prog->keep.row[i].size <= max)
			want.row[want.count++] = prog->keep.row[i];
	mst_rows(&got, "targets/%d/allocations", mst_id(prog->pid));
	same = mst_same(&want, &got);
	mst_rows_free(&want);
	mst_rows_free(&got);
	return same;
}

/* The program "exit" keeps 100 blocks of 131 to 230 bytes. */
static int attach_exit(struct mst_program *prog, const char *keys)
{
	mst_spawn(prog, "life", "exit", NULL);
	if (mst_command("attach %d %s", prog->pid, keys))
		mst_die("%s", mst_refusal);
	mst_step(prog, "go");
	return mst_id(prog->pid);
}

TEST_F(option, min_is_inclusive)
{
	int id = attach_exit(&self->prog, "min=140");

	EXPECT_TRUE(is_exact_between(&self->prog, 140, ~0ul));
	EXPECT_EQ(91, mst_stat(id, "allocated"));
	EXPECT_EQ(9, mst_stat(id, "filtered"));
}

TEST_F(option, max_is_inclusive)
{
	attach_exit(&self->prog, "max=140");
	EXPECT_TRUE(is_exact_between(&self->prog, 0, 140));
}

TEST_F(option, min_and_max_may_be_one_size)
{
	attach_exit(&self->prog, "min=150 max=150");
	EXPECT_TRUE(is_exact_between(&self->prog, 150, 150));
}

TEST_F(option, max_may_be_the_largest_number)
{
	attach_exit(&self->prog, "min=0 max=18446744073709551615");
	EXPECT_TRUE(mst_exact(&self->prog));
}

/* A block that realloc resizes out of the range is removed, and one resized into it is added. */
TEST_F(option, min_and_max_apply_to_each_realloc)
{
	mst_spawn(&self->prog, "mix", "realloc", "2", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d min=500 max=2000", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(is_exact_between(&self->prog, 500, 2000));
}

/* The number of frames of the longest stack in a report. */
static size_t longest_stack(const char *report)
{
	size_t longest = 0, frames = 0;

	for (report = strchr(report, '\n'); report; report = strchr(report + 1, '\n')) {
		frames = report[1] == '\t' ? frames + 1 : 0;
		if (frames > longest)
			longest = frames;
	}
	return longest;
}

TEST_F(option, depth_limits_the_frames)
{
	char *report;
	int id;

	mst_spawn(&self->prog, "toy", "longjmp_deeper", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d depth=3", self->prog.pid));
	mst_step(&self->prog, "go");
	id = mst_id(self->prog.pid);
	report = mst_text("targets/%d/report", id);
	EXPECT_EQ(3, longest_stack(report));
	EXPECT_CONTAINS(report, " (depth)\n");
	EXPECT_GT(mst_stat(id, "walk_depth"), 0);
	EXPECT_EQ(0, mst_stat(id, "walk_end"));
	free(report);
	EXPECT_TRUE(mst_exact(&self->prog));
}

TEST_F(option, depth_may_be_1_and_128)
{
	char *report;
	int id = attach_exit(&self->prog, "depth=1");

	report = mst_text("targets/%d/report", id);
	EXPECT_EQ(1, longest_stack(report));
	free(report);
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d depth=128", self->prog.pid));
}

/* Younger blocks are recorded, but not shown yet. */
TEST_F(option, older_omits_younger_blocks)
{
	struct mst_rows rows;
	char *report;
	int id = attach_exit(&self->prog, "older=3600000");

	mst_rows(&rows, "targets/%d/allocations", id);
	EXPECT_EQ(0, rows.count);
	mst_rows_free(&rows);
	report = mst_text("targets/%d/report", id);
	EXPECT_CONTAINS(report, " ms: 0 bytes in 0 allocations from 0 stacks, lost 0");
	EXPECT_COUNT(0, report, " bytes in 1 allocations from stack");
	free(report);
	EXPECT_EQ(100, mst_stat(id, "allocated"));
}

TEST_F(option, older_shows_older_blocks)
{
	attach_exit(&self->prog, "older=1");
	usleep(20000);
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
}

/* Of several allocators in a process, only the named one is probed. */
TEST_F(option, object_selects_the_allocator_to_probe)
{
	char line[4096];

	mst_spawn(&self->prog, "toy", "tail_call", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	ASSERT_TRUE(mst_line(mst_id(self->prog.pid), line, sizeof(line)));
	EXPECT_CONTAINS(line, "malloc toy+0x");
	EXPECT_CONTAINS(line, "malloc libc");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d object=toy", self->prog.pid));
	ASSERT_TRUE(mst_line(mst_id(self->prog.pid), line, sizeof(line)));
	EXPECT_CONTAINS(line, " object=toy: ");
	EXPECT_CONTAINS(line, "malloc toy+0x");
	EXPECT_LACKS(line, " libc");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(ENOENT, mst_command("attach %d object=toys", self->prog.pid));
	EXPECT_EQ(ENOENT, mst_command("attach %d object=oy", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "no object oy is mapped");
}

TEST_F(option, object_must_be_an_allocator)
{
	mst_spawn(&self->prog, "life", "idle", NULL);
	EXPECT_EQ(ENOENT, mst_command("attach %d object=life", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "life does not define malloc and free");
}

TEST_F(option, not_at_its_default_is_shown_in_control)
{
	int fd = mst_open(O_RDWR, "control"), err;
	char line[4096];

	mst_spawn(&self->prog, "life", "idle", NULL);
	err = mst_command_through(fd, "attach %d older=5 depth=9 max=99 min=7 exits=always bound=1",
				  self->prog.pid);
	ASSERT_ACCEPTED(err);
	ASSERT_TRUE(mst_line(mst_id(self->prog.pid), line, sizeof(line)));
	EXPECT_CONTAINS(line, " life tracing ");
	EXPECT_CONTAINS(line, " min=7");
	EXPECT_CONTAINS(line, " max=99");
	EXPECT_CONTAINS(line, " depth=9");
	EXPECT_CONTAINS(line, " older=5");
	EXPECT_CONTAINS(line, " bound=1");
	EXPECT_CONTAINS(line, " exits=always");
	EXPECT_LACKS(line, " object=");
	close(fd);
	ASSERT_TRUE(mst_wait_state(mst_id(self->prog.pid), ""));
	ASSERT_ACCEPTED(mst_command("attach %d min=0 depth=64 exits=needed", self->prog.pid));
	ASSERT_TRUE(mst_line(mst_id(self->prog.pid), line, sizeof(line)));
	EXPECT_CONTAINS(line, " life tracing: ");
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
