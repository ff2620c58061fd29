// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another tracer has probes on the same functions and return probes on their callers: uprobe events
 * of tracefs. Whether they are enabled before or after our attach, or disabled while we trace:
 * counts stay exact, stacks are correct, and either tracer works without the other.
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
#include "lib/mst_target.h"
#include "other_tracers.h"

FIXTURE(tracer)
{
	struct mst_program prog;
	int id;
};

FIXTURE_SETUP(tracer)
{
	if (!tracer_is_possible())
		SKIP(return, "no uprobe_events in tracefs, or no nm");
	tracer_turn(false);
	mst_fresh();
}

FIXTURE_TEARDOWN(tracer)
{
	tracer_turn(false);
	mst_fresh();
}

static bool is_in_place(const char *frame, const struct tracer_place *place)
{
	unsigned long pc, address;

	if (sscanf(frame, "0x%lx chain+0x%lx", &pc, &address) == 2 && address > place->start &&
	    address <= place->start + place->size)
		return true;
	mst_say("expected a frame from chain+0x%lx to 0x%lx, got: %.*s", place->start,
		place->start + place->size, (int)strcspn(frame, "\n"), frame);
	return false;
}

/* The stack of that many bytes starts with the functions of the chain. */
static bool has_the_chain(const char *report, int bytes)
{
	char head[32];
	const char *at;
	bool good = true;
	int i;

	snprintf(head, sizeof(head), "\n%d bytes", bytes);
	at = strstr(report, head);
	for (i = 0; at && i < TRACER_CHAIN; i++) {
		at = strchr(at + 1, '\t');
		good = at && is_in_place(at + 1, &tracer_place[i]) && good;
	}
	if (!at)
		mst_say("no stack of %d bytes with %d frames", bytes, TRACER_CHAIN);
	return at && good;
}

static bool stacks_are_right(int id, int steps)
{
	char *report = mst_text("targets/%d/report", id);
	bool good = true;
	int size;

	for (size = 4001; size <= 4004; size++)
		good = has_the_chain(report, size * steps) && good;
	if (!good)
		mst_say("%s", report);
	free(report);
	return good;
}

TEST_F(tracer, enabled_before_the_attach_leaves_us_exact)
{
	mst_spawn(&self->prog, "chain", NULL);
	ASSERT_TRUE(tracer_turn(true));
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(stacks_are_right(self->id, 1));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(tracer, enabled_after_the_attach_leaves_us_exact)
{
	mst_spawn(&self->prog, "chain", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	ASSERT_TRUE(tracer_turn(true));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(stacks_are_right(self->id, 2));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(tracer, disabled_while_we_trace_leaves_us_exact)
{
	mst_spawn(&self->prog, "chain", NULL);
	ASSERT_TRUE(tracer_turn(true));
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	ASSERT_TRUE(tracer_turn(false));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(stacks_are_right(self->id, 2));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* We remove only our own probes. */
TEST_F(tracer, still_counts_after_our_detach)
{
	long before;

	mst_spawn(&self->prog, "chain", NULL);
	ASSERT_TRUE(tracer_turn(true));
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	before = tracer_hits_of_malloc();
	EXPECT_GT(before, 0);
	mst_step(&self->prog, "go");
	EXPECT_GE(tracer_hits_of_malloc(), before + 3);
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Both tracers probe all functions. */
TEST_F(tracer, on_every_function_leaves_us_exact)
{
	mst_spawn(&self->prog, "mix", "all", "4", NULL);
	ASSERT_TRUE(tracer_turn(true));
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Our probe leaves an instruction that allocates the frame to the kernel while there is another. */
TEST_F(tracer, of_returns_on_an_executed_instruction_sees_all)
{
	char preload[600], line[16384];
	long entries;

	if (!mst_has_exits())
		SKIP(return, "this kernel executes an instruction again that a probe has executed");
	if (!ksft_min_kernel_version(6, 12))
		SKIP(return, "this kernel hides a tracer that is started later");
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", mst_here("programs/libexecuted.so"));
	mst_spawn(&self->prog, preload, "mix", "malloc", "2", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_line(self->id, line, sizeof(line));
	EXPECT_CONTAINS(strstr(line, " free libexecuted.so+0x"), " executed,");
	entries = tracer_entries_of_frame();
	ASSERT_TRUE(tracer_turn_on_frame());
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	entries = tracer_entries_of_frame() - entries;
	EXPECT_GE(entries, 18);
	EXPECT_EQ(entries, tracer_returns_of_frame());
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* A thread's first free maps an arena, which is not an allocation of the program. */
TEST_F(tracer, on_a_free_that_maps_leaves_us_exact)
{
	mst_spawn(&self->prog, "edge", "first_free", NULL);
	ASSERT_TRUE(tracer_turn(true));
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Calls are in progress whenever its probes are enabled or disabled. */
TEST_F(tracer, toggled_during_calls_leaves_us_exact)
{
	int i;

	mst_spawn(&self->prog, "balance", "2", NULL);
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "run");
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(tracer_turn(true));
		mst_step(&self->prog, "turns");
		ASSERT_TRUE(tracer_turn(false));
		mst_step(&self->prog, "turns");
	}
	mst_step(&self->prog, "quiet");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(self->id));
	mst_kill(&self->prog);
}

/* The frames of the stack whose line starts with @bytes, without their addresses in memory. */
static void frames_of(const char *report, const char *bytes, char *frames, size_t size)
{
	const char *at = strstr(report, bytes);
	size_t len = 0;

	frames[0] = 0;
	for (at = at ? strchr(at + 1, '\n') + 1 : ""; *at == '\t'; at = strchr(at, '\n') + 1) {
		const char *object = strchr(at, ' ');

		len += snprintf(frames + len, size - len, "%.*s", (int)strcspn(object, "\n") + 1,
				object);
	}
}

/* Gets the stack of the first event of a library, which is copied and walked later. */
static void first_in_library(struct mst_program *prog, char *frames, size_t size)
{
	char one[512], two[512], three[512], *report;

	snprintf(one, sizeof(one), "%s", mst_here("programs/libdeep_one.so"));
	snprintf(two, sizeof(two), "%s", mst_here("programs/libdeep_two.so"));
	snprintf(three, sizeof(three), "%s", mst_here("programs/libdeep_three.so"));
	mst_spawn(prog, "deep_open", one, two, three, NULL);
	mst_attach(prog->pid);
	mst_step(prog, "go");
	report = mst_text("targets/%d/report", mst_id(prog->pid));
	frames_of(report, "\n2002 bytes", frames, size);
	free(report);
	mst_kill(prog);
}

/* Its return trampolines in the copied stack are not taken for code. */
TEST_F(tracer, below_a_deferred_walk_leaves_the_stack_whole)
{
	char without[4096], with[4096];

	first_in_library(&self->prog, without, sizeof(without));
	ASSERT_TRUE(tracer_turn(true));
	first_in_library(&self->prog, with, sizeof(with));
	EXPECT_COUNT(1, without, "(end)");
	EXPECT_COUNT(3, without, " libdeep_two.so+0x");
	EXPECT_STREQ(without, with);
	EXPECT_GE(mst_stat(0, "deferred"), 2);
}

/* === memleak of bcc, which traces the same functions === */

#define BCC "/usr/sbin/memleak-bpfcc"

static pid_t start_bcc(pid_t target, int *from)
{
	char number[16];
	int out[2];
	pid_t pid;

	if (pipe(out))
		mst_die("pipe: %m");
	sprintf(number, "%d", target);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execl("/usr/bin/python3", "python3", "-u", BCC, "-p", number, "1", NULL);
		_exit(127);
	}
	close(out[1]);
	*from = out[0];
	return pid;
}

/* Reads until bcc prints @what. */
static bool bcc_says(int from, const char *what)
{
	static char text[65536];
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < sizeof(text) - 1) {
		n = read(from, text + len, sizeof(text) - 1 - len);
		len += n > 0 ? n : 0;
		text[len] = 0;
		if (strstr(text, what))
			return true;
	}
	mst_say("no \"%s\" in the output of bcc: %s", what, text);
	return false;
}

/*
 * Both show the same four blocks; then bcc exits and we go on. bcc names something as a reference
 * counter that is not one, see ref_counters.c.
 */
TEST_F(tracer, memleak_of_bcc_leaves_us_exact)
{
	int from;
	pid_t bcc;

	if (access(BCC, X_OK) || access("/sys/fs/bpf", F_OK))
		SKIP(return, "no memleak-bpfcc, or no BPF file system");
	mst_spawn(&self->prog, "chain", NULL);
	bcc = start_bcc(self->prog.pid, &from);
	ASSERT_TRUE(bcc_says(from, "Top 10 stacks"));
	self->id = mst_attach(self->prog.pid);
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(bcc_says(from, "4001 bytes in 1 allocations from stack"));
	kill(bcc, SIGINT);
	ASSERT_EQ(bcc, waitpid(bcc, NULL, 0));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(stacks_are_right(self->id, 2));
	EXPECT_EQ(0, mst_stat(self->id, "uncertain"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/*
 * The events are created once, as that takes seconds on a debug kernel, and symbols are looked up
 * before the probes slow down every allocation on this machine. tracer_exit() disables the events
 * that an aborted test has left enabled.
 */
int main(int argc, char **argv)
{
	int status;

	mst_begin();
	if (tracer_is_possible())
		tracer_init();
	status = test_harness_run(argc, argv);
	if (tracer_is_possible())
		tracer_exit();
	return status;
}
