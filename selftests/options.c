// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of attach: what each one does, and that control shows those that are
 * not at their default.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"

FIXTURE(option)
{
	struct mst_program l;
};

FIXTURE_SETUP(option)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(option)
{
	mst_kill(&self->l);
	mst_fresh();
}

/* The rows that the program's blocks of min to max bytes would give. */
static bool is_exact_between(const struct mst_program *l, unsigned long min, unsigned long max)
{
	struct mst_rows want = { 0 }, got;
	size_t i;
	bool same;

	want.row = calloc(l->keep.count + 1, sizeof(*want.row));
	for (i = 0; i < l->keep.count; i++)
		if (l->keep.row[i].size >= min && l->keep.row[i].size <= max)
			want.row[want.count++] = l->keep.row[i];
	mst_rows(&got, "targets/%d/allocations", mst_id(l->pid));
	same = mst_same(&want, &got);
	mst_rows_free(&want);
	mst_rows_free(&got);
	return same;
}

/* The program "exit" keeps 100 blocks of 131 to 230 bytes. */
static int attach_exit(struct mst_program *l, const char *keys)
{
	mst_spawn(l, "life", "exit", NULL);
	if (mst_command("attach %d %s", l->pid, keys))
		mst_die("%s", mst_refusal);
	mst_step(l, "go");
	return mst_id(l->pid);
}

TEST_F(option, min_is_inclusive)
{
	int id = attach_exit(&self->l, "min=140");

	EXPECT_TRUE(is_exact_between(&self->l, 140, ~0ul));
	EXPECT_EQ(91, mst_stat(id, "allocated"));
	EXPECT_EQ(9, mst_stat(id, "filtered"));
}

TEST_F(option, max_is_inclusive)
{
	attach_exit(&self->l, "max=140");
	EXPECT_TRUE(is_exact_between(&self->l, 0, 140));
}

TEST_F(option, min_and_max_may_be_one_size)
{
	attach_exit(&self->l, "min=150 max=150");
	EXPECT_TRUE(is_exact_between(&self->l, 150, 150));
}

TEST_F(option, sizes_reach_to_the_end)
{
	attach_exit(&self->l, "min=0 max=18446744073709551615");
	EXPECT_TRUE(mst_exact(&self->l));
}

/* A block that realloc moves out of the range is gone, and one that it moves in comes. */
TEST_F(option, a_filter_counts_at_each_realloc)
{
	mst_spawn(&self->l, "mix", "realloc", "2", NULL);
	ASSERT_EQ(0, mst_command("attach %d min=500 max=2000", self->l.pid));
	mst_step(&self->l, "go");
	EXPECT_TRUE(is_exact_between(&self->l, 500, 2000));
}

/* The longest stack of a report. */
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

	mst_spawn(&self->l, "toy", "longjmp_deeper", NULL);
	ASSERT_EQ(0, mst_command("attach %d depth=3", self->l.pid));
	mst_step(&self->l, "go");
	id = mst_id(self->l.pid);
	report = mst_text("targets/%d/report", id);
	EXPECT_EQ(3, longest_stack(report));
	EXPECT_NE(NULL, strstr(report, " (depth)\n"));
	EXPECT_GT(mst_stat(id, "walk_depth"), 0);
	EXPECT_EQ(0, mst_stat(id, "walk_end"));
	free(report);
	EXPECT_TRUE(mst_exact(&self->l));
}

TEST_F(option, depth_may_be_1_and_128)
{
	char *report;
	int id = attach_exit(&self->l, "depth=1");

	report = mst_text("targets/%d/report", id);
	EXPECT_EQ(1, longest_stack(report));
	free(report);
	ASSERT_EQ(0, mst_command("detach %d", self->l.pid));
	ASSERT_EQ(0, mst_command("attach %d depth=128", self->l.pid));
}

/* What is younger is recorded, but not shown yet. */
TEST_F(option, older_leaves_out_what_is_younger)
{
	struct mst_rows rows;
	char *report;
	int id = attach_exit(&self->l, "older=3600000");

	mst_rows(&rows, "targets/%d/allocations", id);
	EXPECT_EQ(0, rows.count);
	mst_rows_free(&rows);
	report = mst_text("targets/%d/report", id);
	EXPECT_NE(NULL, strstr(report, " ms: 0 bytes in 0 allocations from 0 stacks, lost 0"));
	EXPECT_EQ(0, mst_count(report, " bytes in 1 allocations from stack"));
	free(report);
	EXPECT_EQ(100, mst_stat(id, "allocated"));
}

TEST_F(option, older_shows_what_has_aged)
{
	attach_exit(&self->l, "older=1");
	usleep(20000);
	EXPECT_TRUE(mst_exact(&self->l));
	EXPECT_TRUE(mst_sound(mst_id(self->l.pid)));
}

/* Of several allocators in a process the named one is probed and no other. */
TEST_F(option, object_names_the_one_to_probe)
{
	char line[4096];

	mst_spawn(&self->l, "toy", "tail_call", NULL);
	ASSERT_EQ(0, mst_command("attach %d", self->l.pid));
	ASSERT_TRUE(mst_line(mst_id(self->l.pid), line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, "malloc toy+0x"));
	EXPECT_NE(NULL, strstr(line, "malloc libc"));
	ASSERT_EQ(0, mst_command("detach %d", self->l.pid));
	ASSERT_EQ(0, mst_command("attach %d object=toy", self->l.pid));
	ASSERT_TRUE(mst_line(mst_id(self->l.pid), line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " object=toy: "));
	EXPECT_NE(NULL, strstr(line, "malloc toy+0x"));
	EXPECT_EQ(NULL, strstr(line, " libc"));
	mst_step(&self->l, "go");
	EXPECT_TRUE(mst_exact(&self->l));
	ASSERT_EQ(0, mst_command("detach %d", self->l.pid));
	EXPECT_EQ(ENOENT, mst_command("attach %d object=toys", self->l.pid));
	EXPECT_EQ(ENOENT, mst_command("attach %d object=oy", self->l.pid));
	EXPECT_NE(NULL, strstr(mst_refusal, "no object oy is mapped"));
}

TEST_F(option, object_must_be_an_allocator)
{
	mst_spawn(&self->l, "life", "idle", NULL);
	EXPECT_EQ(ENOENT, mst_command("attach %d object=life", self->l.pid));
	EXPECT_NE(NULL, strstr(mst_refusal, "life does not define malloc and free"));
}

TEST_F(option, control_shows_what_is_not_at_its_default)
{
	int fd = mst_open(O_RDWR, "control");
	char line[4096];

	mst_spawn(&self->l, "life", "idle", NULL);
	ASSERT_EQ(0, mst_command_through(fd, "attach %d older=5 depth=9 max=99 min=7 bound=1",
					 self->l.pid));
	ASSERT_TRUE(mst_line(mst_id(self->l.pid), line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " life tracing "));
	EXPECT_NE(NULL, strstr(line, " min=7"));
	EXPECT_NE(NULL, strstr(line, " max=99"));
	EXPECT_NE(NULL, strstr(line, " depth=9"));
	EXPECT_NE(NULL, strstr(line, " older=5"));
	EXPECT_NE(NULL, strstr(line, " bound=1"));
	EXPECT_EQ(NULL, strstr(line, " object="));
	close(fd);
	ASSERT_TRUE(mst_wait_state(mst_id(self->l.pid), ""));
	ASSERT_EQ(0, mst_command("attach %d min=0 depth=64", self->l.pid));
	ASSERT_TRUE(mst_line(mst_id(self->l.pid), line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " life tracing: "));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
