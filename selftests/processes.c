// SPDX-License-Identifier: GPL-2.0-only
/*
 * attach all object=PATH: every process that maps a file, now or later, is a target from its first
 * event on.
 *
 * Most tests name a static program, so that its processes only are traced.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_group.h"
#include "lib/mst_target.h"

#define MANY 6

FIXTURE(all)
{
	struct mst_program prog[MANY];
};

FIXTURE_SETUP(all)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(all)
{
	size_t i;

	for (i = 0; i < MANY; i++)
		if (self->prog[i].pid)
			mst_kill(&self->prog[i]);
	mst_fresh();
}

static void spawn_mix(FIXTURE_DATA(all) * self, size_t from, size_t to, const char *threads)
{
	size_t i;

	for (i = from; i < to; i++)
		mst_spawn(&self->prog[i], "mix_static", "malloc,calloc,realloc", threads, NULL);
}

static int attach_all(const char *path)
{
	return mst_command("attach all object=%s", path);
}

static bool has_in_line(const char *what)
{
	char *line = mst_group_line(0);
	bool has = strstr(line, what);

	free(line);
	return has;
}

static bool group_has(const char *what)
{
	if (has_in_line(what))
		return true;
	mst_say("no \"%s\" in \"%s\"", what, mst_group_line(0));
	return false;
}

static bool wait_group(const char *what)
{
	return MST_WAIT_UNTIL(has_in_line(what)) || group_has(what);
}

/*
 * One step of a program: it is a target then, and its blocks are those of the report. What it has
 * allocated before it was ready, if it is a target already, is cleared.
 */
static bool step_is_exact(struct mst_program *prog)
{
	int id;

	if (mst_id(prog->pid) && mst_command("clear %d", prog->pid))
		mst_die("clear: %s", mst_refusal);
	mst_step(prog, "go");
	id = mst_wait_id(prog->pid);
	if (!id) {
		mst_say("process %d is no target", prog->pid);
		return false;
	}
	return mst_exact(prog) && !mst_stat(id, "uncertain") && !mst_stat(id, "lost_inflight");
}

TEST_F(all, processes_of_before_and_after_the_command_are_traced)
{
	size_t i;

	spawn_mix(self, 0, MANY / 2, "1");
	ASSERT_ACCEPTED(attach_all(mst_here("programs/mix_static")));
	EXPECT_TRUE(group_has(": 0 targets, 0 live, 0 not traced: "));
	EXPECT_TRUE(group_has("/programs/mix_static: "));
	EXPECT_TRUE(group_has("malloc mix_static+0x"));
	spawn_mix(self, MANY / 2, MANY, "1");
	for (i = 0; i < MANY; i++)
		EXPECT_TRUE(step_is_exact(&self->prog[i]));
	EXPECT_TRUE(group_has(": 6 targets, 6 live, 0 not traced: "));
}

TEST_F(all, first_events_of_several_threads_make_one_target)
{
	size_t i;

	spawn_mix(self, 0, 2, "8");
	ASSERT_ACCEPTED(attach_all(mst_here("programs/mix_static")));
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(step_is_exact(&self->prog[i]));
	EXPECT_TRUE(group_has(": 2 targets, 2 live, 0 not traced: "));
}

TEST_F(all, a_library_is_traced_in_each_process_that_maps_it)
{
	mst_spawn(&self->prog[0], "toy_apart", "tail_call", NULL);
	ASSERT_ACCEPTED(attach_all(mst_here("programs/libtoy.so")));
	mst_spawn(&self->prog[1], "toy_apart", "tail_call", NULL);
	mst_step(&self->prog[1], "go");
	EXPECT_NE(0, mst_wait_id(self->prog[1].pid));
	mst_step(&self->prog[0], "go");
	EXPECT_NE(0, mst_wait_id(self->prog[0].pid));
}

/* Each process of the machine that uses the C library, with this one. */
TEST_F(all, the_c_library_can_be_traced_in_all_processes)
{
	char path[256];

	ASSERT_NE(0, mst_place_in_file(malloc, path));
	mst_spawn(&self->prog[0], "mix", "malloc,calloc,realloc", "2", NULL);
	ASSERT_ACCEPTED(attach_all(path));
	mst_step(&self->prog[0], "go");
	ASSERT_NE(0, mst_wait_id(self->prog[0].pid));
	EXPECT_TRUE(mst_exact(&self->prog[0]));
	EXPECT_NE(0, mst_wait_id(getpid()));
	mst_spawn(&self->prog[1], "mix", "malloc,calloc,realloc", "2", NULL);
	mst_step(&self->prog[1], "go");
	EXPECT_NE(0, mst_wait_id(self->prog[1].pid));
	ASSERT_ACCEPTED(mst_command("detach all"));
	EXPECT_TRUE(mst_wait_stat("probes", 0));
	EXPECT_STREQ("detached", mst_state(mst_id(getpid())));
}

TEST_F(all, a_path_may_have_white_space)
{
	char link[512], command[600];

	snprintf(link, sizeof(link), "%s/with a space", mst_scratch());
	unlink(link);
	ASSERT_EQ(0, symlink(mst_here("programs/mix_static"), link));
	spawn_mix(self, 0, 1, "1");
	snprintf(command, sizeof(command), "%s/with\\040a\\040space", mst_scratch());
	ASSERT_ACCEPTED(attach_all(command));
	EXPECT_TRUE(group_has("/with\\040a\\040space: "));
	EXPECT_TRUE(step_is_exact(&self->prog[0]));
	unlink(link);
}

static void expect_refused(struct __test_metadata *_metadata, int err, const char *object,
			   const char *reason)
{
	EXPECT_EQ(err, mst_command("attach all %s", object))
	{
		TH_LOG("%s", object);
	}
	EXPECT_CONTAINS(mst_refusal, reason);
}

TEST_F(all, files_that_cannot_be_traced_are_refused)
{
	char words[600];

	expect_refused(_metadata, EINVAL, "", "attach all needs object=PATH");
	expect_refused(_metadata, EINVAL, "min=1", "attach all needs object=PATH");
	expect_refused(_metadata, EINVAL, "object=libc.so.6", "absolute path");
	expect_refused(_metadata, EINVAL, "object=/", "cannot map /");
	expect_refused(_metadata, ENOENT, "object=/no/such/file", "cannot map /no/such/file");
	expect_refused(_metadata, EINVAL, "object=/proc", "cannot map /proc");
	expect_refused(_metadata, EINVAL, "object=/dev/null", "cannot map /dev/null");
	expect_refused(_metadata, ENOENT, "object=/etc/passwd",
		       "passwd does not define malloc and free");
	snprintf(words, sizeof(words), "object=%s children=1", mst_here("programs/mix_static"));
	expect_refused(_metadata, EINVAL, words, "children=");
	snprintf(words, sizeof(words), "object=%s", mst_here("programs/mix_static"));
	ASSERT_ACCEPTED(mst_command("attach all %s", words));
	expect_refused(_metadata, EBUSY, words, "is traced already");
	ASSERT_ACCEPTED(mst_command("detach all"));
	ASSERT_ACCEPTED(mst_command("attach all %s", words));
	EXPECT_EQ(EINVAL, mst_command("attach %d object=/a", getpid()));
}

/* In the writer's mount namespace another program is at the path. */
TEST_F(all, the_path_is_that_of_the_writers_mount_namespace)
{
	int status;
	pid_t pid;

	mst_spawn(&self->prog[0], "pulse_static", "10", NULL);
	spawn_mix(self, 1, 2, "1");
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount(mst_here("programs/mix_static"), mst_here("programs/pulse_static"), NULL,
			  MS_BIND, NULL))
			_exit(2);
		_exit(attach_all(mst_here("programs/pulse_static")) ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_TRUE(step_is_exact(&self->prog[1]));
	EXPECT_TRUE(group_has(": 1 targets, 1 live, 0 not traced: "));
}

TEST_F(all, members_end_together)
{
	int id;

	spawn_mix(self, 0, MANY, "1");
	ASSERT_ACCEPTED(attach_all(mst_here("programs/mix_static")));
	EXPECT_TRUE(step_is_exact(&self->prog[0]));
	EXPECT_TRUE(step_is_exact(&self->prog[1]));
	id = mst_id(self->prog[0].pid);
	EXPECT_EQ(EBUSY, mst_command("detach %d", self->prog[0].pid));
	EXPECT_CONTAINS(mst_refusal, "detach all");
	EXPECT_STREQ("tracing", mst_state(id));
	EXPECT_EQ(0, mst_end(&self->prog[1]));
	self->prog[1].pid = 0;
	EXPECT_TRUE(wait_group(": 2 targets, 1 live, 0 not traced: "));
	ASSERT_ACCEPTED(mst_command("detach all"));
	EXPECT_TRUE(mst_wait_stat("probes", 0));
	mst_step(&self->prog[2], "go");
	EXPECT_EQ(0, mst_id(self->prog[2].pid));
	EXPECT_TRUE(group_has(": 2 targets, 0 live, 0 not traced"));
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_FALSE(group_has("group"));
}

TEST_F(all, a_bound_group_is_dropped_with_its_file)
{
	int fd = mst_open(O_RDWR, "control");

	ASSERT_EQ(0, mst_command_through(fd, "attach all bound=1 object=%s",
					 mst_here("programs/mix_static")));
	spawn_mix(self, 0, 2, "1");
	EXPECT_TRUE(step_is_exact(&self->prog[0]));
	close(fd);
	EXPECT_TRUE(mst_wait_stat("targets", 0));
	EXPECT_TRUE(mst_wait_stat("probes", 0));
	mst_step(&self->prog[1], "go");
	EXPECT_EQ(0, mst_id(self->prog[1].pid));
	EXPECT_TRUE(mst_wait_stat("bytes_records", 0));
}

TEST_F(all, the_limit_of_targets_is_counted_and_the_others_run_on)
{
	long long foreign;
	size_t i;

	mst_reload("max_targets=2");
	ASSERT_ACCEPTED(attach_all(mst_here("programs/mix_static")));
	spawn_mix(self, 0, MANY, "2");
	for (i = 0; i < MANY; i++)
		mst_step(&self->prog[i], "go");
	EXPECT_TRUE(wait_group(": 2 targets, 2 live, 4 not traced: "));
	/* Their breakpoints have been removed. */
	foreign = mst_stat(0, "foreign");
	mst_kill(&self->prog[MANY - 1]);
	mst_spawn(&self->prog[MANY - 1], "mix_static", "malloc", "1", NULL);
	mst_step(&self->prog[MANY - 1], "go");
	EXPECT_TRUE(wait_group(", 5 not traced: "));
	EXPECT_LE(foreign, mst_stat(0, "foreign"));
}

TEST_F(all, the_module_can_be_removed_while_all_are_traced)
{
	ASSERT_ACCEPTED(attach_all(mst_here("programs/mix_static")));
	spawn_mix(self, 0, 2, "1");
	EXPECT_TRUE(step_is_exact(&self->prog[0]));
	EXPECT_EQ(0, mst_unload());
	mst_step(&self->prog[1], "go");
	EXPECT_EQ(0, mst_load(""));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
