// SPDX-License-Identifier: GPL-2.0-only
/*
 * Permissions: the privileges and modes needed to open the files, user namespaces, and the PID
 * namespace in which PIDs are read and shown.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"
#include "lib/mst_target.h"

static const char *const files[] = { "control", "report", "allocations", "blocks", "stats" };
static const char *const dirs[] = { MST_DIR, MST_PROC_DIR };

#define FILES (sizeof(files) / sizeof(files[0]))
#define DIRS (sizeof(dirs) / sizeof(dirs[0]))

FIXTURE(permissions)
{
	struct mst_program prog;
};

FIXTURE_SETUP(permissions)
{
	mst_fresh();
	mst_spawn(&self->prog, "life", "idle", NULL);
	mst_attach(self->prog.pid);
}

FIXTURE_TEARDOWN(permissions)
{
	mst_kill(&self->prog);
	mst_fresh();
}

/* Return: the errno of an open in a child that has first called give_up(). */
static int open_as(void (*give_up)(void), const char *dir, const char *file, int flags)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		mst_dir = dir;
		give_up();
		_exit(mst_open(flags, "%s", file) < 0 ? errno : 0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		mst_die("waitpid: %m");
	return WEXITSTATUS(status);
}

static void become_unprivileged(void)
{
	if (setgid(65534) || setuid(65534))
		_exit(255);
}

/* Keeps all other capabilities, so that file modes do not matter. */
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

TEST_F(permissions, of_unprivileged_users_do_not_suffice)
{
	unsigned int d, i;

	for (d = 0; d < DIRS; d++)
		for (i = 0; i < FILES; i++)
			EXPECT_EQ(EACCES,
				  open_as(become_unprivileged, dirs[d], files[i], O_RDONLY));
}

TEST_F(permissions, of_root_without_cap_sys_admin_do_not_suffice)
{
	char path[64];
	unsigned int d, i;

	for (d = 0; d < DIRS; d++) {
		for (i = 0; i < FILES; i++)
			EXPECT_EQ(EPERM, open_as(drop_sys_admin, dirs[d], files[i], O_RDONLY));
		EXPECT_EQ(EPERM, open_as(drop_sys_admin, dirs[d], "control", O_RDWR));
		EXPECT_EQ(EPERM, open_as(drop_sys_admin, dirs[d], "control", O_WRONLY));
	}
	for (i = 1; i < FILES; i++) {
		sprintf(path, "targets/%d/%s", mst_id(self->prog.pid), files[i]);
		EXPECT_EQ(EPERM, open_as(drop_sys_admin, MST_DIR, path, O_RDONLY));
	}
}

/* Root of the namespace has no capability outside of it. */
TEST_F(permissions, of_root_of_a_user_namespace_do_not_suffice)
{
	unsigned int d;
	int err;

	for (d = 0; d < DIRS; d++) {
		err = open_as(enter_user_namespace, dirs[d], "control", O_RDWR);
		if (err == 255)
			SKIP(return, "no user namespaces");
		EXPECT_TRUE(err == EPERM || err == EACCES)
		{
			TH_LOG("open should fail with EPERM or EACCES, errno is %d", err);
		}
	}
}

/*
 * A container whose root is that of the host, so that modes do not keep it out, with a /proc of its
 * own. Exits with 254 if that cannot be mounted.
 */
static void enter_container(void)
{
	char map[] = "0 0 1";
	pid_t pid;
	int fd, status;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS))
		_exit(255);
	fd = open("/proc/self/uid_map", O_WRONLY);
	if (fd < 0 || write(fd, map, strlen(map)) != (ssize_t)strlen(map))
		_exit(255);
	close(fd);
	pid = fork();
	if (!pid) {
		if (mount("proc", "/proc", "proc", 0, NULL))
			_exit(254);
		return;
	}
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 253);
}

TEST_F(permissions, of_root_in_a_container_do_not_suffice)
{
	unsigned int i;
	int err;

	for (i = 0; i < FILES; i++) {
		err = open_as(enter_container, MST_PROC_DIR, files[i], O_RDONLY);
		if (err == 255)
			SKIP(return, "no user namespaces");
		EXPECT_EQ(EPERM, err);
	}
	EXPECT_EQ(EPERM, open_as(enter_container, MST_PROC_DIR, "control", O_WRONLY));
}

static mode_t mode_of(const char *dir, const char *file)
{
	char path[128];
	struct stat st;

	sprintf(path, "%s/%s", dir, file);
	return stat(path, &st) || st.st_uid || st.st_gid ? 0 : st.st_mode & 07777;
}

TEST_F(permissions, modes_are_for_the_owner_only)
{
	char path[64];
	unsigned int d, i;

	for (d = 0; d < DIRS; d++) {
		EXPECT_EQ(0600, mode_of(dirs[d], "control"));
		for (i = 1; i < FILES; i++)
			EXPECT_EQ(0400, mode_of(dirs[d], files[i]));
	}
	for (i = 1; i < FILES; i++) {
		sprintf(path, "targets/%d/%s", mst_id(self->prog.pid), files[i]);
		EXPECT_EQ(0400, mode_of(MST_DIR, path));
	}
	EXPECT_EQ(0500, mode_of(MST_PROC_DIR, "."));
}

/* Calls run() as process 1 of a new PID namespace. Return: its result as exit status. */
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

/* Return: the PID that control shows for a target, or -1 if it shows no such target. */
static int shown_pid(int id)
{
	char line[4096];
	int pid;

	if (!mst_line(id, line, sizeof(line)) || sscanf(line, "target %*d pid %d ", &pid) != 1)
		return -1;
	return pid;
}

/*
 * The first child of process 1 has PID 2 in the namespace and another one outside.
 * Return: 0, or the number of the step that failed.
 */
static int attach_number_2(void *arg)
{
	struct mst_program prog;
	int *shared = arg, id;
	char *report;

	mst_spawn(&prog, "life", "idle", NULL);
	if (prog.pid != 2 || mst_command("attach 2"))
		return 1;
	if (shown_pid(mst_id(2)) != 2)
		return 2;
	/* The target of the fixture is outside of this namespace. */
	if (shown_pid(shared[1]) != 0)
		return 3;
	report = mst_text("targets/%d/report", mst_id(2));
	if (!strstr(report, " pid 2 life "))
		return 4;
	free(report);
	mst_step(&prog, "go");
	if (!mst_exact(&prog))
		return 5;
	id = mst_id(2);
	if (write(shared[0], &id, sizeof(id)) != sizeof(id))
		return 6;
	return mst_end(&prog) ? 7 : 0;
}

TEST_F(permissions, pids_are_those_of_writer_and_reader)
{
	int ids[2], arg[2], id;

	ASSERT_EQ(0, pipe(ids));
	arg[0] = ids[1];
	arg[1] = mst_id(self->prog.pid);
	ASSERT_EQ(0, in_pid_namespace(attach_number_2, arg));
	ASSERT_EQ(sizeof(id), read(ids[0], &id, sizeof(id)));
	EXPECT_NE(arg[1], id);
	EXPECT_NE(2, shown_pid(id));
	EXPECT_NE(0, shown_pid(id));
	EXPECT_EQ(self->prog.pid, shown_pid(arg[1]));
}

/*
 * Process 1 of a namespace can trace itself, and cannot name a process outside.
 * Return: 0, or the number of the step that failed.
 */
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

TEST_F(permissions, process_1_of_a_namespace_can_trace_itself)
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
