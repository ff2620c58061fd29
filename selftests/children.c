// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach PID children=1: forked processes are targets of their own from their first event on.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_group.h"
#include "lib/mst_target.h"

/* As in programs/brood.c. */
#define WORKERS 20
#define KEPT 7 /* blocks of each round */

FIXTURE(brood)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(brood)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(brood)
{
	/* The children are in its process group. */
	if (self->prog.pid)
		kill(-self->prog.pid, SIGKILL);
	mst_fresh();
}

static int attach_with(pid_t pid, const char *keys)
{
	int err = mst_command("attach %d children=1 %s", pid, keys);

	if (err)
		mst_die("attach: %s", mst_refusal);
	return mst_id(pid);
}

static void start_brood(FIXTURE_DATA(brood) * self, const char *name)
{
	mst_spawn(&self->prog, "brood", name, NULL);
	self->id = attach_with(self->prog.pid, "");
}

static int group_of(int id)
{
	char line[16384], *at;

	if (!mst_line(id, line, sizeof(line)))
		mst_die("no target %d", id);
	at = strstr(line, " group=");
	return at ? atoi(at + strlen(" group=")) : 0;
}

static bool wait_group(int group, const char *word, long number)
{
	if (MST_WAIT_UNTIL(mst_group_number(group, word) == number))
		return true;
	mst_say("group %d: expected %ld%s, is %ld", group, number, word,
		mst_group_number(group, word));
	return false;
}

/* The sums of a target's report. */
static void read_sums(int id, unsigned long *bytes, unsigned long *nr, unsigned int *stacks)
{
	char *text = mst_text("targets/%d/report", id);

	if (sscanf(text,
		   "memleak_user report 1\ntarget %*d pid %*d %*s %*s %*d ms: %lu bytes in %lu allocations from %u",
		   bytes, nr, stacks) != 3)
		mst_die("cannot parse the report: %.200s", text);
	free(text);
}

/* Each process that the program has printed is a target with exactly the bytes that it keeps. */
static bool children_are_exact(const struct mst_program *prog, int group, size_t nr, long rounds)
{
	unsigned long bytes, blocks;
	unsigned int stacks;
	bool exact = prog->keep.count == nr;
	size_t i;

	if (!exact)
		mst_say("%zu children instead of %zu", prog->keep.count, nr);
	for (i = 0; i < prog->keep.count; i++) {
		const struct mst_row *child = &prog->keep.row[i];
		int id = mst_wait_id(child->addr);

		if (!id) {
			mst_say("child %lu is no target", child->addr);
			return false;
		}
		read_sums(id, &bytes, &blocks, &stacks);
		if (bytes == child->size && blocks == (unsigned long)(KEPT * rounds) &&
		    group_of(id) == group && !mst_stat(id, "uncertain") &&
		    mst_stat(id, "unknown_free") == 1 && !mst_stat(id, "nested"))
			continue;
		exact = false;
		mst_say("child %lu: %lu bytes in %lu blocks instead of %lu in %ld; group %d, unknown_free %lld, uncertain %lld",
			child->addr, bytes, blocks, child->size, KEPT * rounds, group_of(id),
			mst_stat(id, "unknown_free"), mst_stat(id, "uncertain"));
	}
	return exact;
}

/* All walks have reached the end: the first one, too. */
static bool stacks_are_complete(int id)
{
	return mst_stat(id, "walk_end") == mst_stat(id, "allocated") &&
	       mst_lost_agrees(mst_text("targets/%d/report", id));
}

TEST_F(brood, children_are_targets_from_their_first_event_on)
{
	int group;
	size_t i;

	start_brood(self, "workers");
	group = group_of(self->id);
	EXPECT_NE(0, group);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(children_are_exact(&self->prog, group, WORKERS, 1));
	for (i = 0; i < self->prog.keep.count; i++)
		EXPECT_TRUE(stacks_are_complete(mst_id(self->prog.keep.row[i].addr)));
	EXPECT_EQ(WORKERS + 1, mst_group_number(group, " targets"));
	EXPECT_EQ(WORKERS + 1, mst_group_number(group, " live"));
	EXPECT_EQ(0, mst_group_number(group, " not traced"));
	mst_step(&self->prog, "again");
	EXPECT_TRUE(children_are_exact(&self->prog, group, WORKERS, 2));
	EXPECT_EQ(0, mst_stat(self->id, "unknown_free"));
}

static pid_t start_attach(pid_t pid)
{
	pid_t writer = fork();

	if (!writer)
		_exit(mst_command("attach %d children=1", pid));
	return writer;
}

/* Also if the writer has not returned yet. */
TEST_F(brood, children_are_followed_when_control_shows_the_target)
{
	int i, group, status;
	pid_t writer;

	for (i = 0; i < 5; i++) {
		mst_spawn(&self->prog, "brood", "workers", NULL);
		writer = start_attach(self->prog.pid);
		while (!(self->id = mst_id(self->prog.pid)))
			;
		mst_step(&self->prog, "go");
		group = group_of(self->id);
		EXPECT_TRUE(children_are_exact(&self->prog, group, WORKERS, 1));
		EXPECT_EQ(WORKERS + 1, mst_group_number(group, " targets"));
		ASSERT_EQ(writer, waitpid(writer, &status, 0));
		EXPECT_EQ(0, status);
		kill(-self->prog.pid, SIGKILL);
		mst_kill(&self->prog);
		self->prog.pid = 0;
		mst_fresh();
	}
}

/* The report says which group a target is a member of, and each has a directory. */
TEST_F(brood, reports_tell_process_by_process)
{
	char *text, line[64];
	int group;

	start_brood(self, "one_by_one");
	group = group_of(self->id);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(children_are_exact(&self->prog, group, WORKERS, 1));
	text = mst_text("report");
	EXPECT_EQ(WORKERS + 1, mst_count(text, "\ntarget "));
	snprintf(line, sizeof(line), "\ngroup %d\n", group);
	EXPECT_EQ(WORKERS + 1, mst_count(text, line));
	free(text);
}

TEST_F(brood, children_of_children_are_followed)
{
	start_brood(self, "lineage");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(children_are_exact(&self->prog, group_of(self->id), 2, 1));
}

/* The targets that have what a child keeps of one round. */
static size_t count_whole_reports(void)
{
	char *text = mst_text("report");
	size_t count = mst_count(text, ": 7042 bytes in 7 allocations");

	free(text);
	return count;
}

TEST_F(brood, children_outlive_their_parent)
{
	struct mst_program late;
	int group, first;

	start_brood(self, "orphans");
	group = group_of(self->id);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(children_are_exact(&self->prog, group, 1, 1));
	first = mst_id(self->prog.keep.row[0].addr);
	late.pid = self->prog.pid;
	EXPECT_EQ(0, mst_end(&self->prog));
	self->prog.pid = 0;
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_STREQ("tracing", mst_state(first));
	/* The orphan forks, and its child has its first event a second later. */
	EXPECT_TRUE(wait_group(group, " targets", 3));
	EXPECT_TRUE(MST_WAIT_UNTIL(count_whole_reports() == 2));
	EXPECT_EQ(2, mst_group_number(group, " live"));
	kill(-late.pid, SIGKILL);
	/* The group ends with its last member. */
	EXPECT_TRUE(wait_group(group, " live", 0));
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_TRUE(wait_group(group, " live", -1));
}

TEST_F(brood, children_with_the_same_memory_are_the_parent)
{
	start_brood(self, "vfork");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(1, mst_group_number(group_of(self->id), " targets"));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
}

TEST_F(brood, a_child_that_executes_a_program_ends)
{
	int id;

	start_brood(self, "exec");
	mst_step(&self->prog, "go");
	id = mst_wait_id(self->prog.keep.row[0].addr);
	ASSERT_NE(0, id);
	EXPECT_TRUE(mst_wait_state(id, "exec"));
	EXPECT_EQ(7, mst_stat(id, "allocated") - mst_stat(id, "freed"));
	EXPECT_EQ(1, mst_group_number(group_of(self->id), " live"));
}

TEST_F(brood, a_child_without_events_is_no_target_and_can_be_attached)
{
	char *text;
	int group;

	start_brood(self, "silent");
	group = group_of(self->id);
	mst_step(&self->prog, "go");
	EXPECT_EQ(1, mst_group_number(group, " targets"));
	/* It is followed all the same: the group stays open without the parent. */
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	usleep(500000);
	EXPECT_EQ(0, mst_group_number(group, " live"));
	text = mst_text("control");
	EXPECT_EQ(1, mst_count(text, "\ngroup "));
	free(text);
}

/* Filters are those of the command. All threads' blocks are counted. */
TEST_F(brood, children_have_the_keys_of_the_command)
{
	unsigned long bytes, blocks;
	unsigned int stacks;
	char line[16384];
	int id;

	mst_spawn(&self->prog, "brood", "race", NULL);
	self->id = attach_with(self->prog.pid, "min=5000 max=5000 depth=9");
	mst_step(&self->prog, "go");
	id = mst_wait_id(self->prog.keep.row[0].addr);
	ASSERT_NE(0, id);
	read_sums(id, &bytes, &blocks, &stacks);
	EXPECT_EQ(self->prog.keep.row[0].size, bytes);
	ASSERT_TRUE(mst_line(id, line, sizeof(line)));
	EXPECT_NE(NULL, strstr(line, " min=5000 max=5000 depth=9 children=1 "));
}

TEST_F(brood, sampled_children_are_estimated)
{
	int id;

	mst_spawn(&self->prog, "brood", "one_by_one", NULL);
	self->id = attach_with(self->prog.pid, "every=1000000");
	mst_step(&self->prog, "go");
	id = mst_wait_id(self->prog.keep.row[0].addr);
	ASSERT_NE(0, id);
	EXPECT_EQ(10, mst_stat(id, "unsampled") + mst_stat(id, "allocated"));
}

/* The numbers of traced and of other children add up to those that were forked. */
TEST_F(brood, a_storm_of_children_is_counted)
{
	long nr = mst_scaled(400, 100), made, untraced;
	char word[16];
	int group;

	snprintf(word, sizeof(word), "%ld", nr);
	mst_spawn(&self->prog, "brood", "storm", word, NULL);
	self->id = attach_with(self->prog.pid, "");
	group = group_of(self->id);
	mst_step(&self->prog, "go");
	EXPECT_EQ(nr, (long)self->prog.failed);
	EXPECT_TRUE(wait_group(group, " live", 1));
	made = mst_group_number(group, " targets") - 1;
	untraced = mst_group_number(group, " not traced");
	mst_say("%ld children: %ld targets, %ld not traced, %ld events lost", nr, made, untraced,
		mst_group_number(group, " events lost"));
	mst_say("%lld hits in processes that are not traced", mst_stat(0, "foreign"));
	EXPECT_LE(made + untraced, nr);
	EXPECT_LE(nr, made + untraced + mst_group_number(group, " events lost"));
	/* Most of them are traced. */
	EXPECT_LT(nr / 2, made);
	EXPECT_EQ(0, mst_end(&self->prog));
	self->prog.pid = 0;
}

TEST_F(brood, members_are_detached_one_by_one)
{
	int group, id, pid;

	start_brood(self, "workers");
	group = group_of(self->id);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(children_are_exact(&self->prog, group, WORKERS, 1));
	pid = self->prog.keep.row[3].addr;
	id = mst_id(pid);
	ASSERT_ACCEPTED(mst_command("detach %d", pid));
	EXPECT_STREQ("detached", mst_state(id));
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(WORKERS - 1, mst_group_number(group, " live"));
	mst_step(&self->prog, "again");
	EXPECT_EQ(WORKERS - 1, mst_group_number(group, " live"));
	EXPECT_EQ(10, mst_stat(id, "allocated"));
	EXPECT_EQ(20, mst_stat(mst_wait_id(self->prog.keep.row[0].addr) == id ?
				       mst_id(self->prog.keep.row[1].addr) :
				       mst_id(self->prog.keep.row[0].addr),
			       "allocated"));
	ASSERT_ACCEPTED(mst_command("detach all"));
	EXPECT_EQ(0, mst_group_number(group, " live"));
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_EQ(-1, mst_group_number(group, " live"));
	EXPECT_TRUE(mst_wait_stat("probes", 0));
}

TEST_F(brood, a_bound_group_is_dropped_with_its_file)
{
	int fd = mst_open(O_RDWR, "control");

	mst_spawn(&self->prog, "brood", "workers", NULL);
	ASSERT_EQ(0, mst_command_through(fd, "attach %d children=1 bound=1", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(children_are_exact(&self->prog, group_of(self->id), WORKERS, 1));
	close(fd);
	EXPECT_TRUE(mst_wait_stat("targets", 0));
	EXPECT_TRUE(mst_wait_stat("probes", 0));
	mst_step(&self->prog, "again");
}

TEST_F(brood, the_limit_of_targets_is_counted_and_the_others_run_on)
{
	int group;

	mst_reload("max_targets=5");
	mst_spawn(&self->prog, "brood", "workers", NULL);
	self->id = attach_with(self->prog.pid, "");
	group = group_of(self->id);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(wait_group(group, " targets", 5));
	EXPECT_EQ(5, mst_group_number(group, " live"));
	EXPECT_EQ(WORKERS - 4, mst_group_number(group, " not traced"));
	mst_step(&self->prog, "again");
	EXPECT_EQ(WORKERS - 4, mst_group_number(group, " not traced"));
	EXPECT_EQ(ENOSPC, mst_command("attach %d", getpid()));
	EXPECT_NE(NULL, strstr(mst_refusal, "5 targets are already traced"));
}

TEST_F(brood, the_module_can_be_removed_while_children_are_followed)
{
	start_brood(self, "workers");
	mst_step(&self->prog, "go");
	EXPECT_EQ(0, mst_unload());
	mst_step(&self->prog, "again");
	EXPECT_EQ(0, mst_load(""));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
