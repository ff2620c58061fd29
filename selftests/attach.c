// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target's id, PID and states: attach, detach and clear, which target a number selects, and
 * targets bound to an open file.
 */
#include <dirent.h>
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
#include "lib/mst_target.h"

FIXTURE(target)
{
	struct mst_program prog;
};

FIXTURE_SETUP(target)
{
	mst_fresh();
	mst_spawn(&self->prog, "life", "threads", NULL);
}

FIXTURE_TEARDOWN(target)
{
	mst_kill(&self->prog);
	mst_fresh();
}

static bool has_directory(int id)
{
	char path[64];

	sprintf(path, MST_DIR "/targets/%d", id);
	return access(path, F_OK) == 0;
}

/* The worker removes a target from control's list shortly before its directory. */
static bool directory_is_removed(int id)
{
	if (MST_WAIT_UNTIL(!has_directory(id)))
		return true;
	mst_say("targets/%d should be removed, it is still there", id);
	return false;
}

TEST_F(target, ids_are_never_reused)
{
	int i, id, last = 0;

	for (i = 0; i < 5; i++) {
		ASSERT_ACCEPTED(mst_command("%d", self->prog.pid));
		id = mst_id(self->prog.pid);
		EXPECT_GT(id, last);
		EXPECT_TRUE(has_directory(id));
		last = id;
		ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
		EXPECT_STREQ("detached", mst_state(id));
		ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
		EXPECT_STREQ("", mst_state(id));
		EXPECT_FALSE(has_directory(id));
	}
}

/* Detaching keeps the records; later allocations are not recorded. */
TEST_F(target, detach_keeps_what_was_recorded)
{
	int id;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	id = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_STREQ("detached", mst_state(id));
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(id));
	EXPECT_EQ(0, mst_stat(0, "tracing"));
	EXPECT_EQ(0, mst_stat(0, "probes"));
}

TEST_F(target, attach_after_detach_starts_empty)
{
	int first, second;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	first = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	second = mst_id(self->prog.pid);
	EXPECT_NE(first, second);
	EXPECT_EQ(1, mst_rows_count(first));
	EXPECT_EQ(0, mst_rows_count(second));
	EXPECT_STREQ("detached", mst_state(first));
	EXPECT_STREQ("tracing", mst_state(second));
}

/* A PID selects its live target, and an ended one only if no target of that PID is live. */
TEST_F(target, a_pid_selects_the_live_target_first)
{
	int first, second;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	first = mst_id(self->prog.pid);
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	second = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_EQ(1, mst_rows_count(second));
	ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	EXPECT_STREQ("tracing", mst_state(second));
	EXPECT_EQ(0, mst_rows_count(second));
	EXPECT_STREQ("detached", mst_state(first));
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

TEST_F(target, clear_of_a_traced_target_starts_a_new_baseline)
{
	int id;
	long long allocated;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	id = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	allocated = mst_stat(id, "allocated");
	EXPECT_GT(allocated, 0);
	ASSERT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	EXPECT_EQ(id, mst_id(self->prog.pid));
	EXPECT_STREQ("tracing", mst_state(id));
	EXPECT_EQ(0, mst_rows_count(id));
	EXPECT_EQ(0, mst_stat(id, "allocated"));
	EXPECT_TRUE(mst_sound(id));
}

TEST_F(target, all_selects_every_target)
{
	struct mst_program other;

	mst_spawn(&other, "life", "idle", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	ASSERT_ACCEPTED(mst_command("attach %d", other.pid));
	mst_step(&self->prog, "go");
	mst_step(&other, "go");
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_EQ(2, mst_stat(0, "tracing"));
	EXPECT_EQ(0, mst_stat(0, "allocated"));
	ASSERT_ACCEPTED(mst_command("detach all"));
	EXPECT_EQ(0, mst_stat(0, "tracing"));
	EXPECT_EQ(2, mst_stat(0, "targets"));
	EXPECT_STREQ("detached", mst_state(mst_id(self->prog.pid)));
	EXPECT_STREQ("detached", mst_state(mst_id(other.pid)));
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_EQ(0, mst_stat(0, "targets"));
	mst_kill(&other);
}

static pid_t another_thread_of(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	pid_t tid = 0;
	DIR *dir;

	sprintf(path, "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > tid)
			tid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return tid;
}

TEST_F(target, a_thread_id_selects_its_process)
{
	pid_t tid = another_thread_of(self->prog.pid);

	ASSERT_NE(self->prog.pid, tid);
	ASSERT_ACCEPTED(mst_command("attach %d", tid));
	EXPECT_NE(0, mst_id(self->prog.pid));
	EXPECT_EQ(EBUSY, mst_command("attach %d", self->prog.pid));
	EXPECT_EQ(EBUSY, mst_command("%d", tid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	ASSERT_ACCEPTED(mst_command("detach %d", tid));
	EXPECT_STREQ("detached", mst_state(mst_id(self->prog.pid)));
	ASSERT_ACCEPTED(mst_command("clear %d", tid));
	EXPECT_EQ(0, mst_id(self->prog.pid));
}

TEST_F(target, a_process_without_its_first_thread_is_exact)
{
	struct mst_program other;

	mst_spawn(&other, "life", "leaderless", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", other.pid));
	mst_step(&other, "go");
	EXPECT_TRUE(mst_exact(&other));
	mst_step(&other, "go");
	EXPECT_TRUE(mst_exact(&other));
	EXPECT_STREQ("tracing", mst_state(mst_id(other.pid)));
	EXPECT_EQ(0, mst_end(&other));
	EXPECT_TRUE(mst_wait_state(mst_id(other.pid), "exited"));
}

TEST_F(target, the_first_thread_may_end_while_traced)
{
	struct mst_program other;

	mst_spawn(&other, "life", "leader", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", other.pid));
	mst_step(&other, "go");
	EXPECT_STREQ("tracing", mst_state(mst_id(other.pid)));
	EXPECT_TRUE(mst_exact(&other));
	mst_step(&other, "go");
	EXPECT_TRUE(mst_exact(&other));
	EXPECT_EQ(0, mst_end(&other));
}

/* A bound target is removed when the file that bound it is closed, not when another one is. */
TEST_F(target, bound_target_is_removed_with_its_file)
{
	int fd = mst_open(O_RDWR, "control"), other = mst_open(O_RDWR, "control"), id;

	ASSERT_ACCEPTED(mst_command_through(fd, "attach %d bound=1", self->prog.pid));
	id = mst_id(self->prog.pid);
	mst_step(&self->prog, "go");
	close(other);
	EXPECT_STREQ("tracing", mst_state(id));
	EXPECT_TRUE(mst_exact(&self->prog));
	close(fd);
	EXPECT_TRUE(mst_wait_state(id, ""));
	EXPECT_TRUE(directory_is_removed(id));
	EXPECT_EQ(0, mst_stat(0, "targets"));
}

/* An ended target is bound too; its records can be read until the file is closed. */
TEST_F(target, bound_target_that_ended_is_removed_with_its_file)
{
	int fd = mst_open(O_RDWR, "control"), id;
	struct mst_program other;

	mst_spawn(&other, "life", "exit", NULL);
	ASSERT_ACCEPTED(mst_command_through(fd, "attach %d bound=1", other.pid));
	id = mst_id(other.pid);
	mst_step(&other, "go");
	EXPECT_EQ(0, mst_end(&other));
	EXPECT_TRUE(mst_wait_state(id, "exited"));
	EXPECT_EQ(100, mst_rows_count(id));
	close(fd);
	EXPECT_TRUE(mst_wait_state(id, ""));
}

TEST_F(target, bound_target_is_removed_when_its_writer_is_killed)
{
	int ready[2], id;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		if (mst_command_through(mst_open(O_RDWR, "control"), "attach %d bound=1",
					self->prog.pid))
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	id = mst_id(self->prog.pid);
	EXPECT_STREQ("tracing", mst_state(id));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_TRUE(mst_wait_state(id, ""));
	EXPECT_EQ(0, mst_stat(0, "probes"));
	EXPECT_ACCEPTED(mst_command("attach %d", self->prog.pid));
}

TEST_F(target, only_one_of_several_writers_attaches)
{
	int i, status, attached = 0, busy = 0;

	for (i = 0; i < 8; i++) {
		if (fork())
			continue;
		_exit(mst_command("attach %d", self->prog.pid));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_GT(wait(&status), 0);
		attached += WEXITSTATUS(status) == 0;
		busy += WEXITSTATUS(status) == EBUSY;
	}
	EXPECT_EQ(1, attached);
	EXPECT_EQ(7, busy);
	EXPECT_EQ(1, mst_stat(0, "targets"));
}

TEST_F(target, the_writer_may_trace_itself)
{
	struct mst_rows rows;
	void *p, *q;
	size_t i, seen = 0;

	ASSERT_ACCEPTED(mst_command("attach %d", getpid()));
	p = malloc(12345);
	q = malloc(54321);
	free(q);
	ASSERT_ACCEPTED(mst_command("detach %d", getpid()));
	mst_rows(&rows, "targets/%d/allocations", mst_id(getpid()));
	for (i = 0; i < rows.count; i++) {
		seen += rows.row[i].addr == (unsigned long)p && rows.row[i].size == 12345;
		EXPECT_NE(54321ul, rows.row[i].size);
	}
	EXPECT_EQ(1, seen);
	mst_rows_free(&rows);
	free(p);
}

TEST_F(target, process_1_is_an_ordinary_target)
{
	int err = mst_command("attach 1");

	if (err == ENOENT)
		SKIP(return, "process 1 of this machine has no allocator");
	ASSERT_EQ(0, err);
	EXPECT_STREQ("tracing", mst_state(mst_id(1)));
	EXPECT_ACCEPTED(mst_command("detach 1"));
	EXPECT_ACCEPTED(mst_command("clear 1"));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
