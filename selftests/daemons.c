// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets that serve files to others: a FUSE daemon whose file another target maps, a fanotify
 * daemon that permits reading it, and both when they stop answering. Reading such a file for one
 * target must not delay other targets, in particular not the daemon itself.
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

#define WATCHDOG 60 /* seconds within which an attach must end */

static char dir[128], file[512];

FIXTURE(daemon)
{
	struct mst_program daemon, mapper, other;
};

/* A library that defines malloc is probed, any other one is only read. */
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
		mst_say("this kernel has no FUSE");
	mst_fresh();
	mst_spawn(&self->other, "life", "idle", NULL);
	mst_attach(self->other.pid);
}

/* The daemon is killed first, which ends all waiting for it. */
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
	mst_say("program %d kept %zu blocks of %lu bytes, allocations lists %zu", prog->pid,
		prog->count, size, count);
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

/* The daemon also allocates for its requests: only its blocks of 555 bytes are compared. */
static bool both_are_exact(struct mst_program *daemon, struct mst_program *mapper)
{
	mst_step(daemon, "keep");
	mst_step(mapper, "keep");
	mst_step(daemon, "keep");
	return lists_kept_blocks(daemon, 555) && mst_exact(mapper) &&
	       mst_sound(mst_id(daemon->pid)) && mst_sound(mst_id(mapper->pid));
}

TEST_F(daemon, a_fuse_daemon_attached_before_its_user_is_exact)
{
	start_fuse(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	ASSERT_TRUE(attach_succeeds(&self->mapper));
	EXPECT_TRUE(both_are_exact(&self->daemon, &self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
	EXPECT_TRUE(detach_succeeds(&self->mapper));
}

TEST_F(daemon, a_fuse_daemon_attached_after_its_user_is_exact)
{
	start_fuse(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->mapper));
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	EXPECT_TRUE(both_are_exact(&self->daemon, &self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
}

TEST_F(daemon, a_fanotify_daemon_is_exact)
{
	start_fanotify(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	ASSERT_TRUE(attach_succeeds(&self->mapper));
	EXPECT_TRUE(both_are_exact(&self->daemon, &self->mapper));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
	EXPECT_TRUE(detach_succeeds(&self->mapper));
}

/* Attaches in another process, as it may take long. */
static pid_t start_attach(const struct mst_program *prog)
{
	pid_t pid = fork();

	if (!pid)
		_exit(mst_command("attach %d", prog->pid));
	usleep(300000);
	return pid;
}

/* Return: the errno of that attach, or -1 if it has not ended in time. */
static int wait_for_attach(pid_t pid)
{
	time_t start = time(NULL);
	int status;

	while (time(NULL) - start < WATCHDOG) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WEXITSTATUS(status);
		usleep(10000);
	}
	mst_say("the attach has not ended within %d s", WATCHDOG);
	kill(pid, SIGKILL);
	return -1;
}

/*
 * The attach may fail or succeed, but it ends in time, and commands for another target meanwhile do
 * not wait for it. EINPROGRESS would mean that the writer has waited too long.
 */
static bool delays_no_other_target(struct mst_program *target, struct mst_program *other)
{
	pid_t writer = start_attach(target);
	bool good = detach_succeeds(other) && mst_command("clear %d", other->pid) == 0 &&
		    attach_succeeds(other);
	int err = wait_for_attach(writer);

	mst_say("the attach ended with errno %d", err);
	mst_step(target, "keep");
	if (!err)
		good = lists_kept_blocks(target, 555) && detach_succeeds(target) && good;
	return good && err >= 0 && err != EINPROGRESS && detach_succeeds(other);
}

TEST_F(daemon, a_hanging_fuse_daemon_delays_no_other_target)
{
	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(delays_no_other_target(&self->mapper, &self->other));
}

TEST_F(daemon, an_unreadable_allocator_delays_no_other_target)
{
	start_fuse(&self->daemon, "programs/libtoy.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(delays_no_other_target(&self->mapper, &self->other));
}

TEST_F(daemon, a_hanging_fuse_daemon_as_target_delays_no_other)
{
	start_fuse(&self->daemon, "programs/libone.so");
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(delays_no_other_target(&self->daemon, &self->other));
}

TEST_F(daemon, a_traced_fuse_daemon_that_hangs_can_be_detached)
{
	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(delays_no_other_target(&self->mapper, &self->other));
	EXPECT_TRUE(detach_succeeds(&self->daemon));
}

TEST_F(daemon, a_hanging_fanotify_daemon_delays_no_other_target)
{
	start_fanotify(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	EXPECT_TRUE(delays_no_other_target(&self->mapper, &self->other));
}

/* When the daemon is dead, nothing waits for it. */
TEST_F(daemon, killing_a_hanging_daemon_ends_the_attach)
{
	pid_t writer;

	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	ASSERT_TRUE(attach_succeeds(&self->daemon));
	mst_step(&self->daemon, "hang");
	writer = start_attach(&self->mapper);
	kill(self->daemon.pid, SIGKILL);
	EXPECT_GE(wait_for_attach(writer), 0);
	EXPECT_TRUE(mst_wait_state(mst_id(self->daemon.pid), "exited"));
	EXPECT_TRUE(detach_succeeds(&self->other));
}

static bool has_become_another_program(pid_t pid)
{
	char link[64], before[512] = "", now[512] = "";

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	snprintf(before, sizeof(before), "%s", mst_here("programs/daemon"));
	return MST_WAIT_UNTIL(readlink(link, now, sizeof(now) - 1) > 0 && strcmp(now, before));
}

/* The probes went into memory that is no longer the process's: refused with that reason. */
TEST_F(daemon, exec_during_a_hanging_attach_is_refused)
{
	char *control;
	pid_t writer;

	start_fuse(&self->daemon, "programs/libone.so");
	mst_spawn(&self->mapper, "daemon", "mapper", file, NULL);
	mst_step(&self->daemon, "hang");
	writer = start_attach(&self->mapper);
	mst_go(&self->mapper, "become");
	EXPECT_TRUE(has_become_another_program(self->mapper.pid));
	mst_step(&self->daemon, "answer");
	EXPECT_EQ(ESRCH, wait_for_attach(writer));
	control = mst_text("control");
	EXPECT_CONTAINS(control, "the process has executed another program");
	free(control);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
