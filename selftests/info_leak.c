// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files must not reveal kernel addresses, must not show one target's data in another target's
 * files, and must not be open to the root user of a container, wherever debugfs is mounted.
 */
#include <ctype.h>
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

static const char *const files[] = { "control", "report", "allocations", "stats" };
static const char *const own_files[] = { "report", "allocations", "stats" };

FIXTURE(secret)
{
	struct mst_program prog, other;
	int id, other_id;
};

/* Two targets that share nothing but libc. */
FIXTURE_SETUP(secret)
{
	mst_fresh();
	mst_spawn(&self->prog, "chain", NULL);
	mst_spawn(&self->other, "life", "idle", NULL);
	self->id = mst_attach(self->prog.pid);
	self->other_id = mst_attach(self->other.pid);
	mst_step(&self->prog, "go");
	mst_step(&self->other, "go");
}

FIXTURE_TEARDOWN(secret)
{
	mst_kill(&self->prog);
	mst_kill(&self->other);
	mst_fresh();
}

/*
 * Kernel addresses have the highest bits set, with four or five levels of page tables. Only numbers
 * of exactly 16 digits are checked: build-ids are longer, and sizes are decimal.
 */
static bool has_kernel_address(const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	size_t len;

	for (; *text; text += len ? len : 1) {
		len = strspn(text, digits);
		if (len != 16 || tolower(text[0]) != 'f' || tolower(text[1]) != 'f')
			continue;
		mst_say("a kernel address: %.16s", text);
		return true;
	}
	return false;
}

static bool is_clean(char *text)
{
	bool clean = !has_kernel_address(text);

	if (!clean)
		mst_say("in: %s", text);
	free(text);
	return clean;
}

TEST_F(secret, check_recognizes_kernel_addresses)
{
	EXPECT_TRUE(has_kernel_address("at 0xffff888012345678 there"));
	EXPECT_TRUE(has_kernel_address("ff11000012345678\n"));
	EXPECT_FALSE(has_kernel_address("0x00007ffff7dd1000-0x00007ffff7dd2000 ffff"));
	EXPECT_FALSE(has_kernel_address("ffff88801234567893ac61ec5a8eb1396f9fbd35"));
}

/* While a target lives and after it has ended; in refusals, too. */
TEST_F(secret, addresses_of_the_kernel_are_in_no_file)
{
	char path[64];
	size_t i;

	EXPECT_EQ(ESRCH, mst_command("attach 4194303"));
	EXPECT_EQ(EINVAL, mst_command("%p ffff", (void *)self));
	EXPECT_EQ(EBUSY, mst_command("attach %d", self->prog.pid));
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(is_clean(mst_text("%s", files[i])));
	mst_kill(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "targets/%d/%s", self->id, own_files[i]);
		EXPECT_TRUE(is_clean(mst_text("%s", path)));
	}
	mst_spawn(&self->prog, "chain", NULL);
}

TEST_F(secret, addresses_of_the_kernel_are_not_logged)
{
	FILE *log = popen("dmesg | grep memleak_user", "r");
	char line[1024];

	while (log && fgets(line, sizeof(line), log))
		EXPECT_FALSE(has_kernel_address(line))
		{
			TH_LOG("%s", line);
		}
	if (log)
		pclose(log);
}

/* All rows of the file belong to that target, all frames to its program. */
TEST_F(secret, data_of_a_target_is_not_in_files_of_another)
{
	char *report = mst_text("targets/%d/report", self->id), name[512];
	struct mst_rows rows;
	size_t i;

	EXPECT_COUNT(1, report, "\ntarget ");
	EXPECT_LACKS(report, " life+0x");
	snprintf(name, sizeof(name), " %s\n", mst_here("programs/life"));
	EXPECT_LACKS(report, name);
	snprintf(name, sizeof(name), " %s\n", mst_here("programs/chain"));
	EXPECT_CONTAINS(report, name);
	free(report);
	mst_rows(&rows, "targets/%d/allocations", self->id);
	for (i = 0; i < rows.count; i++)
		EXPECT_EQ((unsigned int)self->id, rows.row[i].target);
	EXPECT_TRUE(mst_same(&self->prog.keep, &rows));
	mst_rows_free(&rows);
	report = mst_text("targets/%d/report", self->other_id);
	EXPECT_LACKS(report, " chain+0x");
	free(report);
}

/* === The root user of a container === */

static char here[128]; /* the mount point of debugfs in the container */

/* Enters a mount namespace, with debugfs where every user has access to its mount point. */
static void enter_container(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/sys/kernel/debug/memleak_user", here, NULL, MS_BIND, NULL))
		mst_die("a container's mounts: %m");
}

static void lose_all_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { { 0 } };

	if (syscall(SYS_capset, &head, caps))
		mst_die("capset: %m");
}

static void write_map(const char *path, const char *map)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, map, strlen(map)) != (ssize_t)strlen(map))
		mst_die("%s: %m", path);
	close(fd);
}

/* Root with all capabilities inside, an ordinary user outside. */
static void become_root_of_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		_exit(KSFT_SKIP);
	write_map("/proc/self/setgroups", "deny");
	write_map("/proc/self/uid_map", "0 0 1");
	write_map("/proc/self/gid_map", "0 0 1");
}

static void become_unprivileged(void)
{
	if (setgid(65534) || setuid(65534))
		mst_die("setuid: %m");
}

static bool may_open(const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", here, name);
	fd = open(path, flags);
	if (fd < 0 && (errno == EPERM || errno == EACCES))
		return false;
	mst_say("open %s with flags %d should fail with EPERM or EACCES, got: %s", path, flags,
		fd < 0 ? strerror(errno) : "success");
	close(fd);
	return true;
}

static bool may_open_any(int id)
{
	char path[64];
	bool any = false;
	size_t i;

	for (i = 0; i < 4; i++)
		any |= may_open(files[i], O_RDONLY) || may_open(files[i], O_WRONLY) ||
		       may_open(files[i], O_RDWR);
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "targets/%d/%s", id, own_files[i]);
		any |= may_open(path, O_RDONLY);
	}
	return any;
}

/* Opens all files in a child that has called become(). Return: its exit status. */
static int tries_as(void (*become)(void), int id)
{
	int status;
	pid_t pid;

	snprintf(here, sizeof(here), "%s/debug", mst_scratch());
	mkdir(here, 0755);
	chmod(mst_scratch(), 0755);
	pid = fork();
	if (!pid) {
		enter_container();
		become();
		_exit(may_open_any(id) ? KSFT_FAIL : KSFT_PASS);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : KSFT_FAIL;
}

TEST_F(secret, files_are_closed_to_root_without_capabilities)
{
	EXPECT_EQ(KSFT_PASS, tries_as(lose_all_capabilities, self->id));
}

TEST_F(secret, files_are_closed_to_root_of_a_user_namespace)
{
	int status = tries_as(become_root_of_user_namespace, self->id);

	if (status == KSFT_SKIP)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(KSFT_PASS, status);
}

TEST_F(secret, files_are_closed_to_unprivileged_users)
{
	EXPECT_EQ(KSFT_PASS, tries_as(become_unprivileged, self->id));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
