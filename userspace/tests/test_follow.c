// SPDX-License-Identifier: GPL-2.0-only
/*
 * -c follows each exec of its command: each program is stopped at its entry point, signals and job
 * control work as without the tool, and the command outlives the tool.
 */
#include <signal.h>

#include "command.h"
#include "program.h"
#include "tap.h"

/* Executes its arguments; as "thread", by another thread than the first one. */
static const char program[] =
	"#include <pthread.h>\n"
	"#include <string.h>\n"
	"#include <unistd.h>\n"
	"static char **next;\n"
	"static void *run(void *unused) { execv(next[0], next); return unused; }\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	pthread_t thread;\n"
	"	next = argv + 1;\n"
	"	if (argc < 2)\n"
	"		return 7;\n"
	"	if (strstr(argv[0], \"thread\"))\n"
	"		return pthread_create(&thread, 0, run, 0) || pthread_join(thread, 0);\n"
	"	run(0);\n"
	"	return 9;\n"
	"}\n";

static bool build_all(void)
{
	return write_file("p.c", program, 0644) && build_program("dynamic", "-pthread") &&
	       build_program("thread", "-pthread") && build_program("static", "-static -pthread");
}

static bool is_at_entry(pid_t pid)
{
	uint64_t entry = read_entry(pid);

	return entry && read_pc(pid) == entry && !has_breakpoint(pid);
}

static const char *read_name(pid_t pid)
{
	return read_line(mu_format("/proc/%d/comm", pid));
}

/* Return: the next entry or end within five seconds, else MU_STEP_NONE. */
static enum mu_step wait_for_step(struct mu_command *c)
{
	enum mu_step step = MU_STEP_NONE;

	for (int tries = 0; tries < 500 && step == MU_STEP_NONE; tries++) {
		step = mu_command_next(c);
		if (step == MU_STEP_EXEC)
			step = MU_STEP_NONE;
		else if (step == MU_STEP_NONE)
			usleep(10000);
	}
	return step;
}

static bool start_command(struct mu_command *c, const char *format)
{
	char *line = mu_format(format, dir, dir, dir);
	bool started = tap_ok(mu_command_start(c, line) == 0, line);

	free(line);
	return started;
}

static void expect_end(struct mu_command *c, int wanted, const char *claim)
{
	mu_command_resume(c);
	tap_ok(wait_for_step(c) == MU_STEP_ENDED && WIFEXITED(c->status) &&
		       WEXITSTATUS(c->status) == wanted,
	       claim);
}

static void expect_program(struct mu_command *c, const char *name)
{
	mu_command_resume(c);
	if (tap_ok(wait_for_step(c) == MU_STEP_ENTRY && is_at_entry(c->pid),
		   "the next program is stopped at its entry point"))
		is_text(read_name(c->pid), name, "it is the expected program");
}

static void test_chain(void)
{
	struct mu_command c;

	if (!start_command(&c, "env %s/dynamic %s/static %s/dynamic"))
		return;
	is_text(read_name(c.pid), "env", "the wrapper comes first");
	expect_program(&c, "dynamic");
	expect_program(&c, "static");
	expect_program(&c, "dynamic");
	expect_end(&c, 7, "the last program ends by itself");
}

static void test_shell(void)
{
	struct mu_command c;

	if (start_command(&c, "sh -c 'exec %s/dynamic'")) {
		expect_program(&c, "dynamic");
		expect_end(&c, 7, "a shell's exec is followed");
	}
	if (start_command(&c, "sh -c '%s/dynamic; true'"))
		expect_end(&c, 0, "the exec of a child is not followed");
}

static void test_missing(void)
{
	struct mu_command c;

	if (start_command(&c, "env %s/no-such-program"))
		expect_end(&c, 127, "after a failed exec the wrapper runs on");
}

/* The state of the process in /proc/PID/stat. */
static char read_state(pid_t pid)
{
	char *path = mu_format("/proc/%d/stat", pid);
	FILE *file = fopen(path, "r");
	char state = '?';

	if (file && fscanf(file, "%*d %*s %c", &state) != 1)
		state = '?';
	if (file)
		fclose(file);
	free(path);
	return state;
}

static bool reaches_state(struct mu_command *c, const char *states)
{
	for (int tries = 0; tries < 500; tries++) {
		mu_command_next(c);
		if (strchr(states, read_state(c->pid)))
			return true;
		usleep(10000);
	}
	return false;
}

static void test_signals(void)
{
	struct mu_command c;

	if (!start_command(&c, "sh -c 'trap \"exit 5\" USR1; kill -STOP $$; while :; do :; done'"))
		return;
	mu_command_resume(&c);
	tap_ok(reaches_state(&c, "Tt"), "a command that stops itself is stopped");
	usleep(100000);
	tap_ok(reaches_state(&c, "Tt"), "it stays stopped");
	kill(c.pid, SIGCONT);
	tap_ok(reaches_state(&c, "RS"), "SIGCONT lets it run");
	kill(c.pid, SIGUSR1);
	tap_ok(wait_for_step(&c) == MU_STEP_ENDED && WIFEXITED(c.status) &&
		       WEXITSTATUS(c.status) == 5,
	       "its handler gets the signal");
}

static void test_killed(void)
{
	struct mu_command c;

	if (!start_command(&c, "sleep 1000"))
		return;
	mu_command_resume(&c);
	kill(c.pid, SIGTERM);
	tap_ok(wait_for_step(&c) == MU_STEP_ENDED && WIFSIGNALED(c.status) &&
		       WTERMSIG(c.status) == SIGTERM,
	       "a signal kills it");
}

/* The breakpoint of a pending exec is removed, and a pending signal is not lost. */
static void test_release(void)
{
	struct mu_command c;

	if (!start_command(&c, "sh -c 'trap \"exit 5\" USR1; while :; do :; done'"))
		return;
	mu_command_resume(&c);
	usleep(300000);
	kill(c.pid, SIGUSR1);
	mu_command_release(&c);
	tap_ok(!mu_command_is_followed(&c), "it is not followed after the release");
	tap_ok(ends_with_status(c.pid, 5), "it has got the signal that was sent before");
	if (!start_command(&c, "env %s/dynamic"))
		return;
	mu_command_resume(&c);
	for (int tries = 0; tries < 500000 && mu_command_next(&c) != MU_STEP_EXEC; tries++)
		;
	mu_command_release(&c);
	tap_ok(ends_with_status(c.pid, 7), "released before its entry point, it runs to its end");
}

static void test_other_thread(void)
{
	struct mu_command c;

	if (!start_command(&c, "%s/thread %s/dynamic"))
		return;
	tap_ok(mu_command_is_followed(&c), "a command is followed");
	mu_command_resume(&c);
	for (int tries = 0; tries < 500 && !c.has_ended && mu_command_is_followed(&c); tries++) {
		mu_command_next(&c);
		usleep(1000);
	}
	tap_ok(!mu_command_is_followed(&c), "after an exec by another thread it is not followed");
	expect_end(&c, 7, "it runs to its end");
}

/* A child of the test acts as the tool, and is killed while the command runs. */
static void test_death_of_tool(void)
{
	struct mu_command c;
	int ends[2];
	pid_t tool, pid = 0;
	char *line = mu_format("sleep 1000");

	if (pipe(ends))
		return;
	tool = fork();
	if (tool == 0) {
		mu_command_start(&c, line);
		mu_command_resume(&c);
		if (write(ends[1], &c.pid, sizeof(c.pid)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	tap_ok(read(ends[0], &pid, sizeof(pid)) == sizeof(pid), "a tool runs with its command");
	kill(tool, SIGKILL);
	waitpid(tool, NULL, 0);
	usleep(200000);
	tap_ok(pid && strchr("SR", read_state(pid)),
	       "the command runs on after the tool was killed");
	if (pid)
		kill(pid, SIGKILL);
	close(ends[0]);
	close(ends[1]);
	free(line);
}

int main(void)
{
	if (!make_directory())
		return 2;
	if (tap_ok(build_all(), "programs are built")) {
		test_chain();
		test_shell();
		test_missing();
		test_release();
		test_other_thread();
	}
	test_signals();
	test_killed();
	test_death_of_tool();
	remove_directory();
	return done_testing();
}
