// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open the files, and whose numbers are read and shown: privileges,
 * modes, user and PID namespaces.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_target.h"

static const char *const files[] = { "control", "report", "allocations", "stats" };

FIXTURE(permission)
{
	struct mst_program prog;
};

FIXTURE_SETUP(permission)
{
	mst_fresh();
	mst_spawn(&self->prog, "life", "idle", NULL);
	mst_attach(self->prog.pid);
}

FIXTURE_TEARDOWN(permission)
{
	mst_kill(&self->prog);
	mst_fresh();
}

/* The errno of an open in a child that has first given something up. */
static int open_as(void (*give_up)(void), const char *file, int flags)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		give_up();
		_exit(mst_open(flags, "%s", file) < 0 ? errno : 0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		mst_die("waitpid: %m");
	return WEXITSTATUS(status);
}

static void become_nobody(void)
{
	if (setgid(65534) || setuid(65534))
		_exit(255);
}

/* All the rest stays, so that no file's mode stands in the way. */
static void drop_sys_admin(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &head, caps))
		_exit(255);
	caps[0].effective &= ~(1u << CAP_SYS_ADMIN);
	caps[0].permitted &= ~(1u << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &head, caps))
		_exit(255);
}

static void enter_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		_exit(255);
}

TEST_F(permission, nobody_may_not_open)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		EXPECT_EQ(EACCES, open_as(become_nobody, files[i], O_RDONLY));
}

TEST_F(permission, root_without_the_capability_may_not_open)
{
	char path[64];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		EXPECT_EQ(EPERM, open_as(drop_sys_admin, files[i], O_RDONLY));
		sprintf(path, "targets/%d/%s", mst_id(self->prog.pid), files[i]);
		if (i)
			EXPECT_EQ(EPERM, open_as(drop_sys_admin, path, O_RDONLY));
	}
	EXPECT_EQ(EPERM, open_as(drop_sys_admin, "control", O_RDWR));
	EXPECT_EQ(EPERM, open_as(drop_sys_admin, "control", O_WRONLY));
}

/* root there is not root here. */
TEST_F(permission, root_of_a_user_namespace_may_not_open)
{
	int err = open_as(enter_user_namespace, "control", O_RDWR);

	if (err == 255)
		SKIP(return, "no user namespaces");
	EXPECT_TRUE(err == EPERM || err == EACCES);
}

static mode_t mode_of(const char *file)
{
	char path[128];
	struct stat st;

	sprintf(path, MST_DIR "/%s", file);
	return stat(path, &st) ? 0 : st.st_mode & 07777;
}

TEST_F(permission, modes_are_for_the_owner_alone)
{
	char path[64];
	unsigned int i;

	EXPECT_EQ(0600, mode_of("control"));
	for (i = 1; i < 4; i++) {
		sprintf(path, "targets/%d/%s", mst_id(self->prog.pid), files[i]);
		EXPECT_EQ(0400, mode_of(files[i]));
		EXPECT_EQ(0400, mode_of(path));
	}
}

/* Runs in a PID namespace of its own, as its process 1; its exit status comes back. */
static int in_pid_namespace(int (*run)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(255);
		pid = fork();
		if (!pid)
			_exit(run(arg));
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 254);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static bool shows_pid(int id, int pid)
{
	char line[4096], head[64];

	snprintf(head, sizeof(head), "target %d pid %d ", id, pid);
	return mst_line(id, line, sizeof(line)) && !strncmp(line, head, strlen(head));
}

/* The first child of process 1 is 2 to it, something else to all outside. */
static int attach_number_2(void *arg)
{
	struct mst_program prog;
	int *told = arg, outside;
	char *report;

	mst_spawn(&prog, "life", "idle", NULL);
	if (prog.pid != 2 || mst_command("attach 2"))
		return 1;
	if (!shows_pid(mst_id(2), 2))
		return 2;
	/* The target of the fixture is none of this namespace's processes. */
	if (!shows_pid(told[1], 0))
		return 3;
	report = mst_text("targets/%d/report", mst_id(2));
	if (!strstr(report, " pid 2 life "))
		return 4;
	free(report);
	mst_step(&prog, "go");
	if (!mst_exact(&prog))
		return 5;
	outside = mst_id(2);
	if (write(told[0], &outside, sizeof(outside)) != sizeof(outside))
		return 6;
	return mst_end(&prog) ? 7 : 0;
}

TEST_F(permission, pids_are_the_writers_and_the_readers)
{
	int told[2], arg[2], id;

	ASSERT_EQ(0, pipe(told));
	arg[0] = told[1];
	arg[1] = mst_id(self->prog.pid);
	ASSERT_EQ(0, in_pid_namespace(attach_number_2, arg));
	ASSERT_EQ(sizeof(id), read(told[0], &id, sizeof(id)));
	EXPECT_NE(arg[1], id);
	EXPECT_FALSE(shows_pid(id, 2));
	EXPECT_FALSE(shows_pid(id, 0));
	EXPECT_TRUE(shows_pid(arg[1], self->prog.pid));
}

/* Process 1 of a namespace is as good as any other; a number of outside is nobody there. */
static int attach_number_1(void *arg)
{
	void *p;
	int id;

	if (mst_command("attach %d", *(int *)arg) != ESRCH)
		return 1;
	if (mst_command("attach 1"))
		return 2;
	id = mst_id(1);
	p = malloc(777);
	if (mst_stat(id, "allocated") < 1)
		return 3;
	free(p);
	if (mst_command("attach 1") != EBUSY)
		return 4;
	return mst_command("detach 1");
}

TEST_F(permission, process_1_of_a_namespace_may_trace_itself)
{
	int pid = self->prog.pid;

	EXPECT_EQ(0, in_pid_namespace(attach_number_1, &pid));
	EXPECT_STREQ("tracing", mst_state(mst_id(self->prog.pid)));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
