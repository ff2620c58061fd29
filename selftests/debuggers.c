// SPDX-License-Identifier: GPL-2.0-only
/*
 * A debugger is attached to the target, before or after us: gdb with its own breakpoints, single
 * steps and stops within calls. Counts stay exact, and neither side's breakpoints kill the target.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lib/mst.h"
#include "lib/mst_expect.h"

#define MAX_WORDS 40

FIXTURE(debugger)
{
	struct mst_program prog;
	char go[64], attach[96];
};

FIXTURE_SETUP(debugger)
{
	if (access("/usr/bin/gdb", X_OK))
		SKIP(return, "no gdb");
	mst_fresh();
	mst_spawn(&self->prog, "chain", NULL);
	/* gdb commands: start the program's next step, and attach. */
	snprintf(self->go, sizeof(self->go), "shell echo go >/proc/%d/fd/0", self->prog.pid);
	snprintf(self->attach, sizeof(self->attach), "shell echo %d >" MST_DIR "/control",
		 self->prog.pid);
}

FIXTURE_TEARDOWN(debugger)
{
	mst_fresh();
}

static void become_gdb(pid_t pid, va_list commands)
{
	/* Without debug information of the C library, which is large and not needed. */
	const char *words[MAX_WORDS] = { "gdb", "-nx",	"-batch",
					 "-q",	"-iex", "set debug-file-directory /nonexistent" };
	char number[16];
	int i = 6;

	sprintf(number, "%d", pid);
	words[i++] = "-p";
	words[i++] = number;
	while (i < MAX_WORDS - 2 && (words[i + 1] = va_arg(commands, const char *))) {
		words[i] = "-ex";
		i += 2;
	}
	words[i] = NULL;
	signal(SIGPIPE, SIG_DFL);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	execv("/usr/bin/gdb", (char **)words);
	_exit(127);
}

/* Return: the output of gdb for these commands. If gdb fails, the test ends with that output. */
static char *run_gdb(pid_t target, ...)
{
	int out[2], status;
	va_list commands;
	char *text;
	pid_t pid;

	if (pipe(out))
		mst_die("pipe: %m");
	va_start(commands, target);
	pid = fork();
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		become_gdb(target, commands);
	}
	va_end(commands);
	close(out[1]);
	text = mst_text_of(out[0]);
	close(out[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		mst_die("gdb failed, wait status 0x%x: %s", status, text);
	return text;
}

static bool gdb_says(char *text, const char *what)
{
	bool found = strstr(text, what);

	if (!found)
		mst_say("no \"%s\" in the output of gdb: %s", what, text);
	free(text);
	return found;
}

/* gdb stops within the chain, shows frames, and lets the allocator be called. */
TEST_F(debugger, attached_before_us_leaves_counts_exact)
{
	char *text = run_gdb(self->prog.pid, "break chain_middle", self->attach, self->go,
			     "continue", "backtrace 3", "finish", "delete", "detach", NULL);

	EXPECT_TRUE(gdb_says(text, "\nchain_outer (step"));
	mst_wait_done(&self->prog);
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_TRUE(mst_sound(mst_id(self->prog.pid)));
	EXPECT_EQ(0, mst_end(&self->prog));
}

TEST_F(debugger, attached_after_us_leaves_counts_exact)
{
	char *text;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	text = run_gdb(self->prog.pid, "break chain_inner", self->go, "continue", "backtrace 3",
		       "finish", "delete", "detach", NULL);
	EXPECT_TRUE(gdb_says(text, "\nchain_middle (step"));
	mst_wait_done(&self->prog);
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* gdb steps into malloc, over our breakpoint, instruction by instruction. */
TEST_F(debugger, can_step_over_our_breakpoints)
{
	char *text;

	/* The first step binds malloc's symbol, so that stepping into it is short in the second. */
	mst_step(&self->prog, "go");
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	text = run_gdb(self->prog.pid, "break chain_inner", self->go, "continue", "delete",
		       "stepi 60", "backtrace 3", "break chain_end", "continue", "delete", "detach",
		       NULL);
	EXPECT_TRUE(gdb_says(text, "chain_end"));
	mst_wait_done(&self->prog);
	EXPECT_EQ(8, self->prog.count);
	EXPECT_EQ(4, mst_stat(mst_id(self->prog.pid), "allocated") -
			     mst_stat(mst_id(self->prog.pid), "freed"));
	EXPECT_EQ(0, mst_stat(mst_id(self->prog.pid), "uncertain"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* We detach while gdb holds the target within the chain. */
TEST_F(debugger, holding_the_target_allows_detach)
{
	char detach[96], *text;

	snprintf(detach, sizeof(detach), "shell echo detach %d >" MST_DIR "/control",
		 self->prog.pid);
	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	text = run_gdb(self->prog.pid, "break chain_inner", self->go, "continue", detach, "finish",
		       "delete", "detach", NULL);
	EXPECT_TRUE(gdb_says(text, "\nchain_middle (step"));
	mst_wait_done(&self->prog);
	EXPECT_STREQ("detached", mst_state(mst_id(self->prog.pid)));
	EXPECT_EQ(0, mst_stat(0, "probes"));
	mst_step(&self->prog, "go");
	EXPECT_EQ(0, mst_end(&self->prog));
}

/* Return: gdb's command for a breakpoint on the instruction of malloc's probe. */
static const char *at_our_breakpoint(pid_t pid)
{
	static char words[64];
	char line[16384], object[256], maps[64], path[512];
	unsigned long offset, start = 0, from, begin;
	FILE *file;

	if (!mst_line(mst_id(pid), line, sizeof(line)) ||
	    sscanf(strstr(line, " malloc "), " malloc %255[^+]+0x%lx", object, &offset) != 2)
		mst_die("no probe of malloc in the target's line: %s", line);
	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	file = fopen(maps, "r");
	while (file && !start && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx-%*x %*s %lx %*s %*s %511s", &begin, &from, path) == 3 &&
		    !from && strrchr(path, '/') && !strcmp(strrchr(path, '/') + 1, object))
			start = begin;
	if (!start)
		mst_die("no %s is mapped", object);
	fclose(file);
	snprintf(words, sizeof(words), "break *0x%lx", start + offset);
	return words;
}

/* Inserted and removed while ours is there: the instruction that gdb restores is our breakpoint. */
TEST_F(debugger, with_a_breakpoint_on_top_of_ours_keeps_ours)
{
	char *text;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	text = run_gdb(self->prog.pid, at_our_breakpoint(self->prog.pid), "break chain_end",
		       self->go, "continue", "delete", "detach", NULL);
	EXPECT_TRUE(gdb_says(text, "chain_end"));
	mst_wait_done(&self->prog);
	EXPECT_TRUE(mst_exact(&self->prog));
	mst_step(&self->prog, "go");
	EXPECT_TRUE(mst_exact(&self->prog));
	EXPECT_EQ(0, mst_end(&self->prog));
}

/*
 * gdb's breakpoint was there first: the kernel finds a breakpoint instruction, keeps it, and gdb
 * removes it. We cannot detect that, but the target survives, and another attach is exact again.
 */
TEST_F(debugger, with_a_breakpoint_below_ours_harms_no_target)
{
	const char *there;

	ASSERT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	there = at_our_breakpoint(self->prog.pid);
	mst_fresh();
	free(run_gdb(self->prog.pid, there, self->attach, "delete", "detach", NULL));
	mst_step(&self->prog, "go");
	EXPECT_ACCEPTED(mst_command("detach %d", self->prog.pid));
	EXPECT_ACCEPTED(mst_command("clear %d", self->prog.pid));
	EXPECT_ACCEPTED(mst_command("attach %d", self->prog.pid));
	mst_step(&self->prog, "go");
	EXPECT_EQ(4, mst_stat(mst_id(self->prog.pid), "allocated") -
			     mst_stat(mst_id(self->prog.pid), "freed"));
	EXPECT_EQ(0, mst_end(&self->prog));
}

int main(int argc, char **argv)
{
	mst_begin();
	return test_harness_run(argc, argv);
}
