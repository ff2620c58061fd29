// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a target that forks, execs, exits or is killed, and of the
 * breakpoints in its text.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "mlu.h"

#define BREAKPOINT 0xcc

FIXTURE(life)
{
	struct mlu_leaker l;
	int id;
};

FIXTURE_SETUP(life)
{
	mlu_fresh();
}

FIXTURE_TEARDOWN(life)
{
	mlu_fresh();
}

static int start(struct mlu_leaker *l, const char *name)
{
	mlu_spawn(l, "life", name, NULL);
	if (mlu_command("attach %d", l->pid))
		mlu_die("%s", mlu_refusal);
	return mlu_id(l->pid);
}

/* The leaker ends badly if a child of it comes to harm. */
TEST_F(life, forked_children_go_on_unharmed_and_unseen)
{
	long long foreign = mlu_stat(0, "foreign");

	self->id = start(&self->l, "fork");
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_STREQ("tracing", mlu_state(self->id));
	EXPECT_GT(mlu_stat(0, "foreign"), foreign);
	EXPECT_EQ(0, mlu_stat(self->id, "uncertain"));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* A child loses each breakpoint at its first hit: it does not pay for ever. */
TEST_F(life, a_child_hits_each_breakpoint_once)
{
	long long foreign = mlu_stat(0, "foreign");

	self->id = start(&self->l, "fork");
	mlu_step(&self->l, "go");
	/* Two children, the second with what the first still had; a dozen probes. */
	EXPECT_LT(mlu_stat(0, "foreign") - foreign, 40);
	EXPECT_EQ(0, mlu_end(&self->l));
}

TEST_F(life, vfork_children_act_for_their_parent)
{
	self->id = start(&self->l, "vfork");
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_STREQ("tracing", mlu_state(self->id));
	EXPECT_EQ(0, mlu_end(&self->l));
}

TEST_F(life, a_spawned_program_does_not_end_its_parent)
{
	self->id = start(&self->l, "spawn");
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_STREQ("tracing", mlu_state(self->id));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* The records stay until clear; the process is a new one and may be attached anew. */
TEST_F(life, exec_ends_a_target_and_keeps_its_records)
{
	int second;

	self->id = start(&self->l, "exec");
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	mlu_go(&self->l, "exec");
	mlu_wait_ready(&self->l);
	EXPECT_TRUE(mlu_wait_state(self->id, "exec"));
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_TRUE(mlu_sound(self->id));
	ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
	second = mlu_id(self->l.pid);
	EXPECT_NE(self->id, second);
	mlu_step(&self->l, "go");
	EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_STREQ("exec", mlu_state(self->id));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* The memory may outlive that: the target's end then comes from elsewhere, and means the same. */
TEST_F(life, exec_ends_a_target_whose_memory_is_shared)
{
	self->id = start(&self->l, "exec_shared");
	mlu_step(&self->l, "go");
	mlu_go(&self->l, "exec");
	mlu_wait_ready(&self->l);
	EXPECT_TRUE(mlu_wait_state(self->id, "exec"));
	EXPECT_TRUE(mlu_exact(&self->l));
	mlu_kill(&self->l);
}

/* With the names and paths of what was mapped. */
TEST_F(life, exit_ends_a_target_and_keeps_its_records)
{
	char *before, *after;
	char path[600];

	self->id = start(&self->l, "exit");
	mlu_step(&self->l, "go");
	before = mlu_text("targets/%d/allocations", self->id);
	EXPECT_EQ(0, mlu_end(&self->l));
	EXPECT_TRUE(mlu_wait_state(self->id, "exited"));
	after = mlu_text("targets/%d/allocations", self->id);
	EXPECT_EQ(mlu_count(before, "\n"), mlu_count(after, "\n"));
	EXPECT_EQ(102, mlu_count(after, "\n"));
	EXPECT_TRUE(mlu_sound(self->id));
	free(before);
	free(after);
	after = mlu_text("targets/%d/report", self->id);
	snprintf(path, sizeof(path), " %s\n", mlu_here("leakers/life"));
	EXPECT_NE(NULL, strstr(after, path));
	EXPECT_NE(NULL, strstr(after, " life+0x"));
	EXPECT_NE(NULL, strstr(after, " life exited "));
	free(after);
	EXPECT_EQ(0, mlu_stat(0, "probes"));
	ASSERT_EQ(0, mlu_command("clear all"));
	EXPECT_STREQ("", mlu_state(self->id));
}

TEST_F(life, a_killed_target_keeps_its_records)
{
	struct mlu_rows rows;

	mlu_spawn(&self->l, "balance", "4", NULL);
	ASSERT_EQ(0, mlu_command("attach %d", self->l.pid));
	self->id = mlu_id(self->l.pid);
	mlu_step(&self->l, "run");
	mlu_step(&self->l, "turns");
	mlu_kill(&self->l);
	EXPECT_TRUE(mlu_wait_state(self->id, "exited"));
	mlu_rows(&rows, "targets/%d/allocations", self->id);
	EXPECT_LE(rows.count, 4);
	mlu_rows_free(&rows);
	EXPECT_EQ(0, mlu_stat(0, "probes"));
}

/* Only read, write and exit are allowed to it, and it is not killed for our sake. */
TEST_F(life, a_strictly_confined_target_lives)
{
	int err;

	mlu_spawn(&self->l, "life", "seccomp", NULL);
	err = mlu_command("attach %d", self->l.pid);
	ASSERT_TRUE(err == 0 || err == EOPNOTSUPP);
	mlu_step(&self->l, "go");
	if (!err)
		EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* A return probe is a system call there: the target would be told of it by a signal. */
TEST_F(life, a_target_with_redirected_system_calls_lives)
{
	int err;

	if (!mlu_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	mlu_spawn(&self->l, "life", "dispatch", NULL);
	err = mlu_command("attach %d", self->l.pid);
	ASSERT_TRUE(err == 0 || err == EOPNOTSUPP);
	if (err)
		EXPECT_NE(NULL, strstr(mlu_refusal, "system call"));
	mlu_step(&self->l, "go");
	if (!err)
		EXPECT_TRUE(mlu_exact(&self->l));
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* Registering succeeds and puts nothing in: that must not look like a success. */
TEST_F(life, a_breakpoint_that_does_not_go_in_is_told)
{
	mlu_spawn(&self->l, "life", "writable_text", NULL);
	EXPECT_EQ(EFAULT, mlu_command("attach %d", self->l.pid));
	EXPECT_NE(NULL, strstr(mlu_refusal, "(EFAULT)"));
	EXPECT_EQ(0, mlu_stat(0, "tracing"));
	EXPECT_EQ(0, mlu_stat(0, "probes"));
	mlu_step(&self->l, "go");
	EXPECT_EQ(0, mlu_end(&self->l));
}

/* Where an object begins in a process: its lowest mapping. */
static unsigned long base_of(pid_t pid, const char *object)
{
	unsigned long base = 0;
	char path[64], line[512], tail[128];
	FILE *maps;

	sprintf(path, "/proc/%d/maps", pid);
	snprintf(tail, sizeof(tail), "/%s\n", object);
	maps = fopen(path, "r");
	while (maps && !base && fgets(line, sizeof(line), maps))
		if (strstr(line, tail))
			base = strtoul(line, NULL, 16);
	if (maps)
		fclose(maps);
	return base;
}

static int byte_at(pid_t pid, unsigned long addr)
{
	unsigned char byte = 0;
	char path[64];
	int fd, n;

	sprintf(path, "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	n = pread(fd, &byte, 1, addr);
	close(fd);
	return n == 1 ? byte : -1;
}

/* How many of the probes that a line of control tells have a breakpoint in the process. */
static int breakpoints(pid_t pid, const char *line, int *probes)
{
	const char *at = strstr(line, ": ");
	char function[64], object[64];
	unsigned long offset;
	int found = 0;

	for (*probes = 0; at; at = strstr(at, ", ")) {
		at += 2;
		if (sscanf(at, "%63s %63[^+]+0x%lx", function, object, &offset) != 3)
			mlu_die("not a probe: %s", at);
		++*probes;
		found += byte_at(pid, base_of(pid, object) + offset) == BREAKPOINT;
	}
	return found;
}

/* Every probe that control tells is in the text, and out of it after the detach. */
TEST_F(life, detach_takes_every_breakpoint_out)
{
	char line[4096];
	struct mlu_leaker other;
	int probes, found;

	mlu_spawn(&other, "life", "idle", NULL);
	self->id = start(&self->l, "idle");
	ASSERT_TRUE(mlu_line(self->id, line, sizeof(line)));
	found = breakpoints(self->l.pid, line, &probes);
	EXPECT_EQ(probes, found)
	{
		TH_LOG("%s", line);
	}
	EXPECT_EQ(probes, mlu_stat(0, "probes"));
	EXPECT_GE(probes, 10);
	/* A process of the same program that is no target has none. */
	EXPECT_EQ(0, breakpoints(other.pid, line, &probes));
	ASSERT_EQ(0, mlu_command("detach %d", self->l.pid));
	EXPECT_EQ(0, breakpoints(self->l.pid, line, &probes));
	mlu_step(&self->l, "go");
	EXPECT_EQ(0, mlu_end(&self->l));
	mlu_kill(&other);
}

/* Two targets of one program share its probes; the end of one leaves those of the other. */
TEST_F(life, targets_that_share_probes_do_not_share_their_end)
{
	char line[4096];
	struct mlu_leaker other;
	int probes, found;

	mlu_spawn(&other, "life", "exit", NULL);
	self->id = start(&self->l, "idle");
	ASSERT_TRUE(mlu_line(self->id, line, sizeof(line)));
	ASSERT_EQ(0, mlu_command("attach %d", other.pid));
	found = breakpoints(other.pid, line, &probes);
	EXPECT_EQ(probes, mlu_stat(0, "probes"));
	EXPECT_EQ(probes, found);
	ASSERT_EQ(0, mlu_command("detach %d", self->l.pid));
	EXPECT_EQ(0, breakpoints(self->l.pid, line, &probes));
	found = breakpoints(other.pid, line, &probes);
	EXPECT_EQ(probes, found);
	mlu_step(&other, "go");
	EXPECT_TRUE(mlu_exact(&other));
	mlu_step(&self->l, "go");
	EXPECT_EQ(0, mlu_stat(self->id, "allocated"));
	mlu_kill(&other);
	mlu_kill(&self->l);
}

int main(int argc, char **argv)
{
	mlu_begin();
	return test_harness_run(argc, argv);
}
