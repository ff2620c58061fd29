// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets and their environment: a forked child loses the breakpoints that it inherits and is not
 * counted; a target executes another program; a target runs in its own namespaces, or on a file
 * system that is unmounted.
 */
#include <ctype.h>
#include <dirent.h>
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
#include "lib/mst_target.h"

#define BREAKPOINT 0xcc

static const char *const functions[] = { "malloc", "calloc", "realloc", "posix_memalign", "free" };
#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

FIXTURE(family)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(family)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(family)
{
	mst_fresh();
}

static pid_t parent_of(pid_t pid)
{
	char path[64];
	pid_t parent = 0;
	FILE *stat;

	sprintf(path, "/proc/%d/stat", pid);
	stat = fopen(path, "r");
	if (stat && fscanf(stat, "%*d (%*[^)]) %*c %d", &parent) != 1)
		parent = 0;
	if (stat)
		fclose(stat);
	return parent;
}

static pid_t child_of(pid_t parent)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (!found && (entry = readdir(proc)))
		if (isdigit(entry->d_name[0]) && parent_of(atoi(entry->d_name)) == parent)
			found = atoi(entry->d_name);
	closedir(proc);
	if (!found)
		mst_die("process %d has no child", parent);
	return found;
}

/* Reads the bytes of a process at libc's probes, as control shows them. */
static void probed_bytes(int id, pid_t pid, int *bytes)
{
	char line[4096], head[64];
	unsigned long offset;
	const char *at;
	size_t i;

	if (!mst_line(id, line, sizeof(line)))
		mst_die("no target %d", id);
	for (i = 0; i < FUNCTIONS; i++) {
		snprintf(head, sizeof(head), " %s %s+0x", functions[i], mst_libc());
		at = strstr(line, head);
		if (!at || sscanf(at + strlen(head), "%lx", &offset) != 1)
			mst_die("no probe of %s in the target's line: %s", functions[i], line);
		bytes[i] = mst_byte_at(pid, mst_base_of(pid, mst_libc()) + offset);
	}
}

/* The original bytes are read from this process, which is not a target. */
TEST_F(family, a_child_loses_each_breakpoint_at_its_first_hit)
{
	int child[FUNCTIONS], parent[FUNCTIONS], original[FUNCTIONS];
	size_t i;
	pid_t pid;

	mst_spawn(&self->prog, "fork_exec", "fork", NULL);
	self->id = mst_attach(self->prog.pid);
	probed_bytes(self->id, getpid(), original);
	mst_step(&self->prog, "fork");
	pid = child_of(self->prog.pid);
	mst_step(&self->prog, "both");
	EXPECT_TRUE(mst_exact(&self->prog));
	probed_bytes(self->id, pid, child);
	probed_bytes(self->id, self->prog.pid, parent);
	for (i = 0; i < FUNCTIONS; i++) {
		EXPECT_EQ(original[i], child[i])
		{
			TH_LOG("%s", functions[i]);
		}
		EXPECT_EQ(BREAKPOINT, parent[i]);
	}
	mst_step(&self->prog, "again");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	mst_step(&self->prog, "see off");
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Parent and child are both targets, each with its own records. */
TEST_F(family, a_child_can_be_a_target_too)
{
	struct mst_program child;
	pid_t pid;
	int id;

	mst_spawn(&self->prog, "fork_exec", "fork", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "fork");
	pid = child_of(self->prog.pid);
	id = mst_attach(pid);
	EXPECT_NE(self->id, id);
	mst_step(&self->prog, "both");
	EXPECT_TRUE(mst_exact(&self->prog));
	child = (struct mst_program){ .pid = pid };
	EXPECT_TRUE(mst_exact(&child));
	EXPECT_EQ(4, mst_stat(id, "allocated"));
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	mst_step(&self->prog, "again");
	EXPECT_EQ(8, mst_stat(id, "allocated"));
	EXPECT_TRUE(mst_exact(&child));
	mst_step(&self->prog, "see off");
	EXPECT_TRUE(mst_wait_state(id, "exited"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The records of the old program stay readable, with its names. */
TEST_F(family, exec_starts_another_target)
{
	char *report, mix[512];

	snprintf(mix, sizeof(mix), "%s", mst_here("programs/mix"));
	mst_spawn(&self->prog, "fork_exec", "exec", mix, "all", "2", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_go(&self->prog, "exec");
	mst_wait_ready(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exec"));
	EXPECT_NE(self->id, mst_attach(self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	report = mst_text("targets/%d/report", self->id);
	EXPECT_CONTAINS(report, " fork_exec exec ");
	EXPECT_CONTAINS(report, "\n126 bytes in 1 allocations from stack ");
	EXPECT_CONTAINS(report, " fork_exec+0x");
	EXPECT_LACKS(report, " mix+0x");
	free(report);
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Reads control in the target's PID namespace: true if a line starts with @head. */
static bool is_shown_inside(pid_t target, const char *head)
{
	char path[64], *text;
	int status, fd;
	pid_t pid;

	sprintf(path, "/proc/%d/ns/pid", target);
	pid = fork();
	if (!pid) {
		fd = open(path, O_RDONLY);
		if (fd < 0 || setns(fd, CLONE_NEWPID))
			_exit(1);
		pid = fork();
		if (!pid) {
			text = mst_text("control");
			if (strstr(text, head))
				_exit(0);
			mst_say("no \"%s\" in control, read in the namespace: %s", head + 1, text);
			_exit(1);
		}
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

TEST_F(family, a_container_is_traced_from_outside)
{
	struct mst_program inner;
	char head[64], *report;

	mst_spawn(&self->prog, "fork_exec", "container", mst_scratch(), NULL);
	inner = self->prog;
	inner.pid = child_of(self->prog.pid);
	self->id = mst_attach(inner.pid);
	mst_step(&inner, "go");
	EXPECT_TRUE(mst_exact(&inner));
	snprintf(head, sizeof(head), "\ntarget %d pid 1 app tracing", self->id);
	EXPECT_TRUE(is_shown_inside(inner.pid, head));
	report = mst_text("targets/%d/report", self->id);
	snprintf(head, sizeof(head), "\ntarget %d pid %d app tracing", self->id, inner.pid);
	EXPECT_CONTAINS(report, head);
	EXPECT_CONTAINS(report, " app+0x");
	free(report);
	mst_rows_free(&inner.keep);
	EXPECT_EQ(0, mst_end(&self->prog));
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
}

/* === Unmounting the file system of a target === */

static char root[128];

static void copy_to_root(const char *file, const char *name)
{
	char command[800];

	snprintf(command, sizeof(command), "cp %s %s/%s", file, root, name);
	if (system(command))
		mst_die("%s", command);
}

/* The program, its dynamic linker and its C library are all on that file system. */
static void spawn_on_root(struct mst_program *prog, const char *program, const char *how,
			  const char *argument)
{
	char file[512], loader[256];

	snprintf(root, sizeof(root), "%s/root", mst_scratch());
	mkdir(root, 0755);
	if (mount("tmpfs", root, "tmpfs", 0, NULL))
		mst_die("mount: %m");
	snprintf(file, sizeof(file), "programs/%s", program);
	copy_to_root(mst_here(file), program);
	copy_to_root("/lib64/ld-linux-x86-64.so.2", "ld.so");
	copy_to_root("/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6");
	snprintf(file, sizeof(file), "%s/%s", root, program);
	snprintf(loader, sizeof(loader), "%s/ld.so", root);
	mst_spawn(prog, loader, "--library-path", root, file, how, argument, NULL);
}

/* Neither reports that were read nor open ones keep the file system busy. */
static bool can_be_unmounted(int id)
{
	int fd = mst_open(O_RDONLY, "targets/%d/report", id);
	bool good = umount(root) == 0;
	char name[256], *report;

	if (!good)
		mst_say("umount %s: %m", root);
	report = mst_text_of(fd);
	snprintf(name, sizeof(name), " %s/", root);
	if (!strstr(report, " bytes in ") || !strstr(report, name)) {
		mst_say("the report should list blocks and paths below %s: %s", root, report);
		good = false;
	}
	free(report);
	close(fd);
	return good && mst_sound(id);
}

TEST_F(family, file_system_is_free_after_exit)
{
	spawn_on_root(&self->prog, "mix", "all", "2");
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	EXPECT_TRUE(can_be_unmounted(self->id));
}

/* At once, not some time later. */
TEST_F(family, file_system_is_free_once_the_state_is_exited)
{
	int i, rounds = mst_debug_kernel() ? 4 : 10;

	for (i = 0; i < rounds; i++) {
		spawn_on_root(&self->prog, "life", "exit", NULL);
		self->id = mst_attach(self->prog.pid);
		EXPECT_EQ(0, mst_end(&self->prog));
		while (strcmp(mst_state(self->id), "exited"))
			;
		ASSERT_EQ(0, umount(root));
	}
}

TEST_F(family, file_system_is_free_after_detach_and_kill)
{
	spawn_on_root(&self->prog, "mix", "all", "2");
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	mst_kill(&self->prog);
	EXPECT_TRUE(can_be_unmounted(self->id));
}

TEST_F(family, file_system_is_free_after_exec)
{
	char chain[512];

	snprintf(chain, sizeof(chain), "%s", mst_here("programs/chain"));
	spawn_on_root(&self->prog, "fork_exec", "exec", chain);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	mst_go(&self->prog, "exec");
	mst_wait_ready(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exec"));
	EXPECT_TRUE(can_be_unmounted(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
