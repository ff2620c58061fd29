// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets that serve others: a FUSE daemon whose file another target maps, a
 * fanotify daemon that is asked before it is read, and both when they answer no
 * more.  Who reads the file for the sake of one target must make no other one
 * wait, least of all the daemon for itself.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

#define WATCHDOG 30 /* seconds in which an attach must have come to an end */

static char dir[128], file[512];

FIXTURE(daemon)
{
	struct mst_program daemon, mapper, other;
};

/* What a test needs; a file that defines malloc is probed, any other one is only read. */
static void start_fuse(struct mst_program *daemon, const char *library)
{
	char original[512];

	snprintf(dir, sizeof(dir), "%s/mnt", mst_scratch());
	mkdir(dir, 0755);
	snprintf(original, sizeof(original), "%s", mst_here(library));
	snprintf(file, sizeof(file), "%s/file", dir);
	mst_spawn(daemon, "daemon", "fuse", dir, original, NULL);
}

static void start_fanotify(struct mst_program *daemon, const char *library)
{
	char command[1200];

	snprintf(file, sizeof(file), "%s/file", mst_scratch());
	snprintf(command, sizeof(command), "cp %s %s", mst_here(library), file);
	if (system(command))
		mst_die("%s", command);
	mst_spawn(daemon, "daemon", "fanotify", file, NULL);
}

FIXTURE_SETUP(daemon)
{
	if (access("/dev/fuse", F_OK) && system("modprobe -q fuse"))
		mst_say("no FUSE here");
	mst_fresh();
	mst_spawn(&self->other, "life", "idle", NULL);
	mst_attach(self->other.pid);
}

/* The daemon goes first: with it all waiting ends. */
FIXTURE_TEARDOWN(daemon)
{
	if (self->daemon.pid)
		mst_kill(&self->daemon);
	if (dir[0])
		umount2(dir, MNT_DETACH);
	if (self->mapper.pid)
		mst_kill(&self->mapper);
	mst_kill(&self->other);
	mst_fresh();
}

static bool lists_kept_blocks(const struct mst_program *prog, unsigned long size)
{
	struct mst_rows rows;
	size_t i, count = 0;

	mst_rows(&rows, "targets/%d/allocations", mst_id(prog->pid));
	for (i = 0; i < rows.count; i++)
		count += rows.row[i].size == size;
	mst_rows_free(&rows);
	if (count == prog->count)
		return true;
	mst_say("kept %zu blocks, listed %zu", prog->count, count);
	return false;
}

static bool attach_succeeds(const struct mst_program *prog)
{
	int err = mst_command("attach %d", prog->pid);

	if (err)
		mst_say("%s", mst_refusal);
	return !err;
}

static bool detach_succeeds(const struct mst_program *prog)
{
	int err = mst_command("detach %d", prog->pid);

	if (err)
		mst_say("%s", mst_refusal);
	return !err;
}

/* The daemon's own requests come and go beside what it keeps. */
static bool both_are_exact(struct mst_program *daemon, struct mst_program *mapper)
{
	mst_step(daemon, "keep");
	mst_step(mapper, "keep");
	mst_step(daemon, "keep");
	return lists_kept_blocks(daemon, 555) && mst_exact(mapper) &&
	       mst_sound(mst_id(daemon->pid)) && mst_sound(mst_id(mapper->pid));
}

TEST_F_TIMEOUT(daemon, a_fuse_daemon_is_traced_before_who_maps_its_file, 90)
{
	start_fuse(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	ASSERT_TRUE(attach_succeeds(&self->mapper));
	EXPECT_TRUE(both_are_exact(&self->daemon, &self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
	EXPECT_TRUE(detach_succeeds(&self->mapper));
}

TEST_F_TIMEOUT(daemon, a_fuse_daemon_is_traced_after_who_maps_its_file, 90)
{
	start_fuse(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->mapper));
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	EXPECT_TRUE(both_are_exact(&self->daemon, &self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
}

TEST_F_TIMEOUT(daemon, a_fanotify_daemon_is_a_target_like_any_other, 90)
{
	start_fanotify(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	ASSERT_TRUE(attach_succeeds(&self->mapper));
	EXPECT_TRUE(both_are_exact(&self->daemon, &self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
	EXPECT_TRUE(detach_succeeds(&self->mapper));
}

/* An attach by somebody else, which may take its time. */
static pid_t begin_attach(const struct mst_program *prog)
{
	pid_t pid = fork();

	if (!pid)
		_exit(mst_command("attach %d", prog->pid));
	usleep(300000);
	return pid;
}

/* Its errno, -1 if it has not come to an end. */
static int end_of_attach(pid_t pid)
{
	time_t start = time(NULL);
	int status;

	while (time(NULL) - start < WATCHDOG) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WEXITSTATUS(status);
		usleep(10000);
	}
	mst_say("the attach has not come to an end");
	kill(pid, SIGKILL);
	return -1;
}

/*
 * Attached in vain or with success, but in time, and nobody else waits for it: EINPROGRESS is
 * what a writer is told for whom it takes too long.
 */
static bool makes_nobody_wait(struct mst_program *target, struct mst_program *other)
{
	pid_t writer = begin_attach(target);
	bool good = detach_succeeds(other) && mst_command("clear %d", other->pid) == 0 &&
		    attach_succeeds(other);
	int err = end_of_attach(writer);

	mst_say("the attach ended with errno %d", err);
	mst_step(target, "keep");
	if (!err)
		good = lists_kept_blocks(target, 555) && detach_succeeds(target) && good;
	return good && err >= 0 && err != EINPROGRESS && detach_succeeds(other);
}

TEST_F_TIMEOUT(daemon, a_fuse_daemon_that_hangs_makes_nobody_wait, 120)
{
	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(makes_nobody_wait(&self->mapper, &self->other));
}

TEST_F_TIMEOUT(daemon, an_allocator_that_cannot_be_read_makes_nobody_wait, 120)
{
	start_fuse(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(makes_nobody_wait(&self->mapper, &self->other));
}

TEST_F_TIMEOUT(daemon, a_fuse_daemon_that_hangs_is_a_target_itself, 120)
{
	start_fuse(&self->daemon, "programs/libone.so");
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(makes_nobody_wait(&self->daemon, &self->other));
}

TEST_F_TIMEOUT(daemon, a_traced_fuse_daemon_may_begin_to_hang, 120)
{
	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(makes_nobody_wait(&self->mapper, &self->other));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
}

TEST_F_TIMEOUT(daemon, a_fanotify_daemon_that_hangs_makes_nobody_wait, 120)
{
	start_fanotify(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(makes_nobody_wait(&self->mapper, &self->other));
}

/* With the daemon all that waited for it comes to an end. */
TEST_F_TIMEOUT(daemon, a_daemon_that_hangs_may_be_killed, 120)
{
	pid_t writer;

	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	mst_step(&self->daemon, "hang");
	writer = begin_attach(&self->mapper);
	kill(self->daemon.pid, SIGKILL);
	EXPECT_GE(end_of_attach(writer), 0);
	EXPECT_TRUE(mst_wait_state(mst_id(self->daemon.pid), "exited"));
	EXPECT_TRUE(detach_succeeds(&self->other));
}

static bool has_become_another_program(pid_t pid)
{
	char link[64], before[512] = "", now[512] = "";
	int tries;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	snprintf(before, sizeof(before), "%s", mst_here("programs/daemon"));
	for (tries = 0; tries < 1000; tries++) {
		if (readlink(link, now, sizeof(now) - 1) > 0 && strcmp(now, before))
			return true;
		usleep(1000);
	}
	return false;
}

/* Refused by the right name, where the probes went into memory that is no longer the process's. */
TEST_F_TIMEOUT(daemon, who_maps_its_file_may_exec_while_it_is_attached, 120)
{
	char *control;
	pid_t writer;

	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	writer = begin_attach(&self->mapper);
	mst_go(&self->mapper, "become");
	EXPECT_TRUE(has_become_another_program(self->mapper.pid));
	mst_step(&self->daemon, "answer");
	EXPECT_EQ(ESRCH, end_of_attach(writer));
	control = mst_text("control");
	EXPECT_CONTAINS(control, "the process has become another program");
	free(control);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
