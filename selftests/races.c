// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands, readers and targets running concurrently: processes that exit or exec during an attach,
 * writers with conflicting commands. Afterwards the module still works and can be emptied.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define TARGETS 3
#define WRITERS 3
#define READERS 2

FIXTURE(race)
{
	struct mst_program prog[TARGETS];
};

FIXTURE_SETUP(race)
{
	mst_fresh();
}

FIXTURE_TEARDOWN(race)
{
	mst_fresh();
}

static unsigned int random_next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* The possible results of attaching to a process that is exiting or executing a program. */
static bool is_expected_errno(int err)
{
	return err == 0 || err == ESRCH || err == ENOENT || err == EBUSY;
}

/* Removes all targets. Return: true if that leaves no target, no probe and no record. */
static bool remove_all_targets(void)
{
	if (mst_command("detach all") || mst_command("clear all")) {
		mst_say("%s", mst_refusal);
		return false;
	}
	if (mst_stat(0, "targets") || mst_stat(0, "probes")) {
		mst_say("expected no targets and probes, got %lld and %lld", mst_stat(0, "targets"),
			mst_stat(0, "probes"));
		return false;
	}
	return mst_wait_stat("bytes_records", 0) && mst_wait_stat("bytes_inflight", 0);
}

/* Starts a child that exits after @wait_us, or executes another program then. */
static pid_t fork_short_lived(unsigned int wait_us, bool exec)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	free(malloc(1000));
	usleep(wait_us);
	free(malloc(1000));
	if (exec)
		execl("/bin/true", "true", NULL);
	_exit(0);
}

TEST_F(race, attach_during_exit_leaves_nothing_behind)
{
	int i, rounds = mst_scaled(30, 15);
	unsigned int seed = 1;
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		pid = fork_short_lived(random_next(&seed) % 60000, false);
		EXPECT_TRUE(is_expected_errno(mst_command("attach %d", pid)))
		{
			TH_LOG("expected success, ESRCH, ENOENT or EBUSY: %s", mst_refusal);
		}
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	EXPECT_TRUE(mst_wait_stat("tracing", 0));
	EXPECT_TRUE(remove_all_targets());
}

TEST_F(race, attach_during_exec_leaves_nothing_behind)
{
	int i, rounds = mst_scaled(30, 15);
	unsigned int seed = 2;
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		pid = fork_short_lived(random_next(&seed) % 60000, true);
		EXPECT_TRUE(is_expected_errno(mst_command("attach %d", pid)))
		{
			TH_LOG("expected success, ESRCH, ENOENT or EBUSY: %s", mst_refusal);
		}
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	EXPECT_TRUE(mst_wait_stat("tracing", 0));
	EXPECT_TRUE(remove_all_targets());
}

/* Writes random commands for the targets, for ever. */
static void write_random_commands(const struct mst_program *prog, unsigned int seed)
{
	static const char *const commands[] = { "attach %d", "attach %d min=50 depth=5",
						"detach %d", "clear %d", "attach %d older=1" };
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		pid_t pid = prog[random_next(&seed) % TARGETS].pid;

		if (random_next(&seed) % 8 == 0) {
			fd = mst_open(O_RDWR, "control");
			mst_command_through(fd, "attach %d bound=1", pid);
			usleep(random_next(&seed) % 3000);
			close(fd);
		} else if (random_next(&seed) % 16 == 0) {
			mst_command(random_next(&seed) % 2 ? "clear all" : "detach all");
		} else {
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			mst_command(commands[random_next(&seed) % 5], pid);
		}
	}
}

/* Reads files for ever; those of a target may be removed before they are opened. */
static void read_on(unsigned int seed)
{
	static const char *const files[] = { "control", "report", "allocations", "stats" };
	char path[64];
	int fd, id = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		free(mst_text("%s", files[random_next(&seed) % 4]));
		id = mst_id(getppid()) ?: id + 1;
		snprintf(path, sizeof(path), "targets/%d/%s", id % 500,
			 files[1 + random_next(&seed) % 3]);
		fd = mst_open(O_RDONLY, "%s", path);
		if (fd >= 0)
			free(mst_text_of(fd));
		close(fd);
	}
}

TEST_F(race, conflicting_writers_leave_the_module_working)
{
	pid_t child[WRITERS + READERS];
	int i;

	for (i = 0; i < TARGETS; i++) {
		mst_spawn(&self->prog[i], "balance", "2", NULL);
		mst_step(&self->prog[i], "run");
	}
	for (i = 0; i < WRITERS + READERS; i++) {
		child[i] = fork();
		if (!child[i] && i < WRITERS)
			write_random_commands(self->prog, i);
		if (!child[i])
			read_on(i);
	}
	sleep(3);
	for (i = 0; i < WRITERS + READERS; i++) {
		EXPECT_EQ(0, waitpid(child[i], NULL, WNOHANG))
		{
			TH_LOG("%s %d has ended", i < WRITERS ? "writer" : "reader", i);
		}
		kill(child[i], SIGKILL);
		waitpid(child[i], NULL, 0);
	}
	/* A command of a killed writer is still executed and may attach: try twice. */
	EXPECT_TRUE(remove_all_targets() || remove_all_targets());
	for (i = 0; i < TARGETS; i++) {
		mst_step(&self->prog[i], "turns");
		ASSERT_ACCEPTED(mst_command("attach %d", self->prog[i].pid));
		mst_step(&self->prog[i], "turns");
		mst_step(&self->prog[i], "quiet");
		EXPECT_TRUE(mst_exact(&self->prog[i]));
		mst_kill(&self->prog[i]);
	}
}

/* Each library has one mapping and so one stack, whichever thread was first. */
TEST_F(race, first_events_of_a_library_in_two_threads_share_stacks)
{
	struct mst_program *prog = &self->prog[0];
	char mappings[16], *report;

	snprintf(mappings, sizeof(mappings), "%ld", mst_scaled(3000, 300));
	mst_spawn(prog, "rush", mst_here("programs/libone.so"), mappings, NULL);
	ASSERT_ACCEPTED(mst_command("attach %d", prog->pid));
	mst_step(prog, "warm up");
	mst_step(prog, "rush");
	report = mst_text("targets/%d/report", mst_id(prog->pid));
	EXPECT_COUNT(60, report, "\n15308 bytes in 2 allocations from stack ");
	free(report);
	EXPECT_EQ(0, mst_end(prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
