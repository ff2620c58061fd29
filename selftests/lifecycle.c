// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets that fork, exec, exit or are killed, and the breakpoints in their text.
 */
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

#define BREAKPOINT 0xcc

FIXTURE(life)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(life)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(life)
{
	mst_fresh();
}

static int spawn_and_attach(struct mst_program *prog, const char *name)
{
	mst_spawn(prog, "life", name, NULL);
	return mst_attach(prog->pid);
}

/* The program exits with an error if one of its children is harmed. */
TEST_F(life, forked_children_run_on_untraced)
{
	long long foreign = mst_stat(0, "foreign");

	self->id = spawn_and_attach(&self->prog, "fork");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_STREQ("tracing", mst_state(self->id));
	EXPECT_GT(mst_stat(0, "foreign"), foreign);
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* A child loses each breakpoint at its first hit, so that it does not stay slow. */
TEST_F(life, a_child_hits_each_breakpoint_once)
{
	long long foreign = mst_stat(0, "foreign");

	self->id = spawn_and_attach(&self->prog, "fork");
	mst_step(&self->prog, "go");
	/* Two children, each with the breakpoints of a dozen probes. */
	EXPECT_LT(mst_stat(0, "foreign") - foreign, 40);
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(life, vfork_children_count_for_their_parent)
{
	self->id = spawn_and_attach(&self->prog, "vfork");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_STREQ("tracing", mst_state(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(life, a_spawned_program_does_not_end_its_parent)
{
	self->id = spawn_and_attach(&self->prog, "spawn");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_STREQ("tracing", mst_state(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The records stay until clear, and the process can be attached again. */
TEST_F(life, exec_ends_a_target_and_keeps_its_records)
{
	int second;

	self->id = spawn_and_attach(&self->prog, "exec");
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_go(&self->prog, "exec");
	mst_wait_ready(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exec"));
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	second = mst_id(self->prog.pid);
	EXPECT_NE(self->id, second);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_STREQ("exec", mst_state(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The old memory outlives the exec. The end is then detected differently, with the same result. */
TEST_F(life, exec_ends_a_target_whose_memory_is_shared)
{
	self->id = spawn_and_attach(&self->prog, "exec_shared");
	mst_step(&self->prog, "go");
	mst_go(&self->prog, "exec");
	mst_wait_ready(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exec"));
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_kill(&self->prog);
}

/* With the names and paths of its mappings. */
TEST_F(life, exit_ends_a_target_and_keeps_its_records)
{
	char *before, *after;
	char path[600];

	self->id = spawn_and_attach(&self->prog, "exit");
	mst_step(&self->prog, "go");
	before = mst_text("targets/%d/allocations", self->id);
	EXPECT_EQ(0, mst_end(&self->prog));
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	after = mst_text("targets/%d/allocations", self->id);
	EXPECT_EQ(mst_count(before, "\n"), mst_count(after, "\n"));
	EXPECT_EQ(102, mst_count(after, "\n"));
	EXPECT_TRUE(mst_sound(self->id));
	free(before);
	free(after);
	after = mst_text("targets/%d/report", self->id);
	snprintf(path, sizeof(path), " %s\n", mst_here("programs/life"));
	EXPECT_CONTAINS(after, path);
	EXPECT_CONTAINS(after, " life+0x");
	EXPECT_CONTAINS(after, " life exited ");
	free(after);
	EXPECT_EQ(0, mst_stat(0, "probes"));
	ASSERT_ACCEPTED(mst_command("clear all"));
	EXPECT_STREQ("", mst_state(self->id));
}

TEST_F(life, a_killed_target_keeps_its_records)
{
	struct mst_rows rows;

	mst_spawn(&self->prog, "balance", "4", NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	self->id = mst_id(self->prog.pid);
	mst_step(&self->prog, "run");
	mst_step(&self->prog, "turns");
	mst_kill(&self->prog);
	EXPECT_TRUE(mst_wait_state(self->id, "exited"));
	mst_rows(&rows, "targets/%d/allocations", self->id);
	EXPECT_LE(rows.count, 4);
	mst_rows_free(&rows);
	EXPECT_EQ(0, mst_stat(0, "probes"));
}

/* It may only read, write and exit; our probes must not get it killed. */
TEST_F(life, a_target_under_strict_seccomp_survives)
{
	int err;

	mst_spawn(&self->prog, "life", "seccomp", NULL);
	err = mst_command("attach %d", self->prog.pid);
	ASSERT_TRUE(err == 0 || (err == EOPNOTSUPP && !mst_has_exits()))
	{
		TH_LOG("expected success, or EOPNOTSUPP without exit probes: %s", mst_refusal);
	}
	mst_step(&self->prog, "go");
	if (!err)
		EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* If it had return probes that make a system call, the target would get a signal for each. */
TEST_F(life, a_target_with_user_dispatch_survives)
{
	int err;

	if (!mst_has_user_dispatch())
		SKIP(return, "no syscall user dispatch before Linux 5.11");
	mst_spawn(&self->prog, "life", "dispatch", NULL);
	err = mst_command("attach %d", self->prog.pid);
	ASSERT_TRUE(err == 0 || (err == EOPNOTSUPP && !mst_has_exits()))
	{
		TH_LOG("expected success, or EOPNOTSUPP without exit probes: %s", mst_refusal);
	}
	if (err)
		EXPECT_CONTAINS(mst_refusal, "system call");
	mst_step(&self->prog, "go");
	if (!err)
		EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* The kernel registers the probe but inserts no breakpoint: the attach must fail. */
TEST_F(life, attach_fails_if_a_breakpoint_is_not_inserted)
{
	mst_spawn(&self->prog, "life", "writable_text", NULL);
	EXPECT_EQ(EFAULT, mst_command("attach %d", self->prog.pid));
	EXPECT_CONTAINS(mst_refusal, "(EFAULT)");
	EXPECT_EQ(0, mst_stat(0, "tracing"));
	EXPECT_EQ(0, mst_stat(0, "probes"));
	mst_step(&self->prog, "go");
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Counts the probes in a line of control, and returns how many have a breakpoint in the process. */
static int count_breakpoints(pid_t pid, const char *line, int *probes)
{
	const char *at = strstr(line, ": ");
	char function[64], object[64];
	unsigned long offset;
	int found = 0;

	for (*probes = 0; at; at = strstr(at, ", ")) {
		at += 2;
		if (sscanf(at, "%63s %63[^+]+0x%lx", function, object, &offset) != 3)
			mst_die("cannot parse as a probe: %s", at);
		++*probes;
		found += mst_byte_at(pid, mst_base_of(pid, object) + offset) == BREAKPOINT;
	}
	return found;
}

/* The exits of functions are probes, too, whose places are not shown. */
static int count_exits(const char *line)
{
	const char *at = line;
	int exits = 0;

	while ((at = strstr(at, " exits="))) {
		at += strlen(" exits=");
		exits += atoi(at);
	}
	return exits;
}

/* Every probe that control shows is in the text, and is removed from it by the detach. */
TEST_F(life, detach_removes_every_breakpoint)
{
	char line[4096];
	struct mst_program other;
	int probes, found;

	mst_spawn(&other, "life", "idle", NULL);
	self->id = spawn_and_attach(&self->prog, "idle");
	ASSERT_TRUE(mst_line(self->id, line, sizeof(line)));
	found = count_breakpoints(self->prog.pid, line, &probes);
	EXPECT_EQ(probes, found)
	{
		TH_LOG("%s", line);
	}
	EXPECT_EQ(probes + count_exits(line), mst_stat(0, "probes"));
	EXPECT_GE(probes, 10);
	/* A process of the same program that is not a target has no breakpoint. */
	EXPECT_EQ(0, count_breakpoints(other.pid, line, &probes));
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(0, count_breakpoints(self->prog.pid, line, &probes));
	mst_step(&self->prog, "go");
	EXPECT_EQ(0, mst_end(&self->prog));
	mst_kill(&other);
}

/* Two targets of one program share its probes; those of one stay when the other is detached. */
TEST_F(life, detach_keeps_probes_shared_with_another_target)
{
	char line[4096];
	struct mst_program other;
	int probes, found;

	mst_spawn(&other, "life", "exit", NULL);
	self->id = spawn_and_attach(&self->prog, "idle");
	ASSERT_TRUE(mst_line(self->id, line, sizeof(line)));
	ASSERT_ACCEPTED(mst_command("attach %d", other.pid));
	found = count_breakpoints(other.pid, line, &probes);
	EXPECT_EQ(probes + count_exits(line), mst_stat(0, "probes"));
	EXPECT_EQ(probes, found);
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_EQ(0, count_breakpoints(self->prog.pid, line, &probes));
	found = count_breakpoints(other.pid, line, &probes);
	EXPECT_EQ(probes, found);
	mst_step(&other, "go");
	EXPECT_TRUE(mst_exact(&other));
	mst_step(&self->prog, "go");
	EXPECT_EQ(0, mst_stat(self->id, "allocated"));
	mst_kill(&other);
	mst_kill(&self->prog);
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
