// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel lockdown raised while the module is loaded: first integrity, then confidentiality. It
 * cannot be lowered again, so this test has its own machine: nothing that needs the files in
 * debugfs can run after it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

static const char *const readable[] = { "report", "allocations", "blocks", "stats" };

static bool raise_to(const char *level)
{
	int fd = open(LOCKDOWN, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, level, strlen(level));

	close(fd);
	return n == (ssize_t)strlen(level);
}

static int errno_of_open(const char *dir, const char *file, int flags)
{
	const char *before = mst_dir;
	int fd, err;

	mst_dir = dir;
	fd = mst_open(flags, "%s", file);
	err = fd < 0 ? errno : 0;
	mst_dir = before;
	close(fd);
	return err;
}

/* Return: the errno with which the kernel refuses to open its own interface for uprobes. */
static int errno_of_uprobe_events(void)
{
	char path[128];
	int fd, err;

	snprintf(path, sizeof(path), "%s/tracing", mst_scratch());
	mkdir(path, 0700);
	mount("tracefs", path, "tracefs", 0, NULL);
	strcat(path, "/uprobe_events");
	fd = open(path, O_WRONLY | O_APPEND);
	err = fd < 0 ? errno : 0;
	close(fd);
	return err;
}

/* Runs the tool. Return: its output, to be freed; *@status: its exit status. */
static char *run_tool(const char *arguments, int *status)
{
	const char *tool = getenv("MLU_TOOL");
	char command[1400], *text = calloc(1, 65536);
	FILE *pipe;
	int result;

	snprintf(command, sizeof(command), "'%s' %s 2>&1",
		 tool ? tool : mst_here("../userspace/memleak-user"), arguments);
	pipe = popen(command, "r");
	if (!pipe || fread(text, 1, 65535, pipe) == 65535)
		mst_die("%s: %m", command);
	result = pclose(pipe);
	*status = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
	return text;
}

FIXTURE(lockdown)
{
	struct mst_program before, during, other;
	int control; /* of debugfs, opened before */
	int id;
};

FIXTURE_SETUP(lockdown)
{
	if (access(LOCKDOWN, W_OK))
		SKIP(return, "this kernel has no lockdown");
	mst_fresh();
	mst_spawn(&self->before, "chain", NULL);
	mst_spawn(&self->during, "chain", NULL);
	mst_spawn(&self->other, "chain", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->before.pid));
	self->id = mst_id(self->before.pid);
	mst_step(&self->before, "go");
	self->control = mst_open(O_RDWR, "control");
	ASSERT_LE(0, self->control);
}

FIXTURE_TEARDOWN(lockdown)
{
	/* Those that have not ended: the test has failed. */
	if (self->before.pid)
		mst_kill(&self->before);
	if (self->during.pid)
		mst_kill(&self->during);
	if (self->other.pid)
		mst_kill(&self->other);
}

static bool ends_well(struct mst_program *prog)
{
	int status = mst_end(prog);

	prog->pid = 0;
	return status == 0;
}

/* Nothing but control of debugfs is closed. The target runs on and is counted. */
static void check_integrity(struct __test_metadata *_metadata, FIXTURE_DATA(lockdown) * self)
{
	char arguments[64], *text;
	unsigned int i;
	int status;

	EXPECT_EQ(EPERM, errno_of_open(MST_DIR, "control", O_RDWR));
	EXPECT_EQ(EPERM, errno_of_open(MST_DIR, "control", O_WRONLY));
	EXPECT_EQ(EPERM, errno_of_open(MST_DIR, "control", O_RDONLY));
	EXPECT_EQ(0, errno_of_open(MST_PROC_DIR, "control", O_RDWR));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, errno_of_open(MST_DIR, readable[i], O_RDONLY));
		EXPECT_EQ(0, errno_of_open(MST_PROC_DIR, readable[i], O_RDONLY));
	}
	EXPECT_EQ(0, errno_of_uprobe_events());
	mst_step(&self->before, "go");
	EXPECT_EQ(8, mst_stat(self->id, "allocated") - mst_stat(self->id, "freed"));
	EXPECT_TRUE(mst_sound(self->id));

	mst_dir = MST_PROC_DIR;
	ASSERT_ACCEPTED(mst_command("attach %d", self->during.pid));
	mst_step(&self->during, "go");
	EXPECT_TRUE(mst_exact(&self->during));

	/* The tool takes control of /proc, and the files of its target in debugfs. */
	snprintf(arguments, sizeof(arguments), "-a -o 0 -p %d 1 1", self->other.pid);
	text = run_tool(arguments, &status);
	EXPECT_EQ(0, status);
	EXPECT_CONTAINS(text,
			"memleak-user: using /proc/memleak_user, as the kernel is locked down");
	EXPECT_CONTAINS(text, "] Top 10 stacks with outstanding allocations");
	free(text);
	snprintf(arguments, sizeof(arguments), "leaks --max-stop 60000 -p %d 1", self->other.pid);
	text = run_tool(arguments, &status);
	EXPECT_CONTAINS(text, "\tdefinitely lost: ");
	free(text);
}

/* No probe is added, by any file of control; what was attached before goes on. */
static void check_confidentiality(struct __test_metadata *_metadata, FIXTURE_DATA(lockdown) * self)
{
	static const char sentence[] = "the kernel is locked down for confidentiality";
	char arguments[64], *text;
	unsigned int i;
	int status, id = mst_id(self->other.pid);

	/* The target of the tool is forgotten some time after the tool has ended. */
	EXPECT_TRUE(!id || mst_wait_state(id, ""));
	EXPECT_EQ(EPERM, errno_of_uprobe_events());
	EXPECT_EQ(EPERM, errno_of_open(MST_DIR, "control", O_RDWR));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, errno_of_open(MST_DIR, readable[i], O_RDONLY));
		EXPECT_EQ(0, errno_of_open(MST_PROC_DIR, readable[i], O_RDONLY));
	}
	EXPECT_EQ(EPERM, mst_command_through(self->control, "attach %d", self->other.pid));
	EXPECT_CONTAINS(mst_refusal, sentence);
	EXPECT_CONTAINS(mst_refusal, "(EPERM)");
	EXPECT_EQ(EPERM, mst_command("attach %d", self->other.pid));
	EXPECT_CONTAINS(mst_refusal, sentence);
	EXPECT_EQ(EPERM, mst_command("%d", self->other.pid));
	EXPECT_EQ(EPERM, mst_command("attach all object=%s", mst_here("programs/libtoy.so")));
	EXPECT_CONTAINS(mst_refusal, sentence);
	EXPECT_EQ(0, mst_id(self->other.pid));

	snprintf(arguments, sizeof(arguments), "-o 0 -p %d 1 1", self->other.pid);
	text = run_tool(arguments, &status);
	EXPECT_EQ(2, status);
	EXPECT_CONTAINS(text, sentence);
	free(text);

	mst_step(&self->before, "go");
	mst_step(&self->during, "go");
	EXPECT_TRUE(mst_exact(&self->during));
	ASSERT_ACCEPTED(mst_command("mark all"));
	EXPECT_ACCEPTED(mst_command("detach %d", self->during.pid));
	EXPECT_ACCEPTED(mst_command_through(self->control, "detach %d", self->before.pid));
	EXPECT_ACCEPTED(mst_command("clear all"));
}

/* A single test, as each step depends on the one before. */
TEST_F(lockdown, closes_debugfs_then_refuses_probes_and_harms_no_target)
{
	if (!raise_to("integrity"))
		SKIP(return, "lockdown was raised before");
	check_integrity(_metadata, self);
	ASSERT_TRUE(raise_to("confidentiality"));
	check_confidentiality(_metadata, self);
	close(self->control);
	EXPECT_TRUE(ends_well(&self->before));
	EXPECT_TRUE(ends_well(&self->during));
	EXPECT_TRUE(ends_well(&self->other));
	/* It can be unloaded, with targets that were attached through either directory. */
	EXPECT_EQ(0, mst_unload());
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
