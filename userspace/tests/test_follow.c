// SPDX-License-Identifier: GPL-2.0-only
/*
 * -c follows its command through the programs that it executes: each is stopped at its entry point,
 * signals and job control work as if nobody looked, and the command outlives the tool.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "command.h"
#include "mem.h"
#include "tap.h"

static char *dir;

/* exec-by-thread: the exec of another thread than the first. */
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

static bool build(const char *name, const char *flags)
{
	char *command = mu_format("cd %s && ${CC:-cc} -O1 -w %s -o %s p.c", dir, flags, name);
	bool built = system(command) == 0;

	free(command);
	return built;
}

static bool build_all(void)
{
	char *path = mu_format("%s/p.c", dir);
	FILE *file = fopen(path, "w");

	free(path);
	if (!file || fputs(program, file) < 0 || fclose(file))
		return false;
	return build("dynamic", "-pthread") && build("thread", "-pthread") &&
	       build("static", "-static -pthread");
}

static bool stands_at_entry(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec io = { .iov_base = &regs, .iov_len = sizeof(regs) };
	char *path = mu_format("/proc/%d/auxv", pid);
	FILE *file = fopen(path, "r");
	uint64_t entry = 0;
	Elf64_auxv_t aux;

	while (file && fread(&aux, sizeof(aux), 1, file) == 1)
		if (aux.a_type == AT_ENTRY)
			entry = aux.a_un.a_val;
	if (file)
		fclose(file);
	free(path);
	return entry && !ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) && MU_PC(regs) == entry &&
	       (ptrace(PTRACE_PEEKTEXT, pid, entry, NULL) & MU_BREAKPOINT_MASK) != MU_BREAKPOINT;
}

static const char *name_of(pid_t pid)
{
	static char name[32];
	char *path = mu_format("/proc/%d/comm", pid);
	FILE *file = fopen(path, "r");

	name[0] = '\0';
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	free(path);
	return name;
}

/* The next step that is not "nothing", within five seconds. */
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

static bool start(struct mu_command *c, const char *format)
{
	char *line = mu_format(format, dir, dir, dir);
	bool started = ok(mu_command_start(c, line) == 0, line);

	free(line);
	return started;
}

static void ends_with(struct mu_command *c, int wanted, const char *claim)
{
	mu_command_resume(c);
	ok(wait_for_step(c) == MU_STEP_ENDED && WIFEXITED(c->status) &&
		   WEXITSTATUS(c->status) == wanted,
	   claim);
}

static void runs_to(struct mu_command *c, const char *name)
{
	mu_command_resume(c);
	if (ok(wait_for_step(c) == MU_STEP_ENTRY && stands_at_entry(c->pid),
	       "the next program stands at its entry point"))
		is_text(name_of(c->pid), name, "and it is that one");
}

static void test_chain(void)
{
	struct mu_command c;

	if (!start(&c, "env %s/dynamic %s/static %s/dynamic"))
		return;
	is_text(name_of(c.pid), "env", "the wrapper comes first");
	runs_to(&c, "dynamic");
	runs_to(&c, "static");
	runs_to(&c, "dynamic");
	ends_with(&c, 7, "the last program ends by itself");
}

static void test_shell(void)
{
	struct mu_command c;

	if (start(&c, "sh -c 'exec %s/dynamic'")) {
		runs_to(&c, "dynamic");
		ends_with(&c, 7, "a shell's exec is followed");
	}
	if (start(&c, "sh -c '%s/dynamic; true'"))
		ends_with(&c, 0, "the exec of a child is not");
}

static void test_missing(void)
{
	struct mu_command c;

	if (start(&c, "env %s/no-such-program"))
		ends_with(&c, 127, "an exec that fails leaves the wrapper");
}

/* The state of the process in /proc/PID/stat. */
static char state_of(pid_t pid)
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

static bool comes_to_state(struct mu_command *c, const char *states)
{
	for (int tries = 0; tries < 500; tries++) {
		mu_command_next(c);
		if (strchr(states, state_of(c->pid)))
			return true;
		usleep(10000);
	}
	return false;
}

static void test_signals(void)
{
	struct mu_command c;

	if (!start(&c, "sh -c 'trap \"exit 5\" USR1; kill -STOP $$; while :; do :; done'"))
		return;
	mu_command_resume(&c);
	ok(comes_to_state(&c, "Tt"), "a command that stops itself is stopped");
	usleep(100000);
	ok(comes_to_state(&c, "Tt"), "it stays so");
	kill(c.pid, SIGCONT);
	ok(comes_to_state(&c, "RS"), "SIGCONT lets it run");
	kill(c.pid, SIGUSR1);
	ok(wait_for_step(&c) == MU_STEP_ENDED && WIFEXITED(c.status) && WEXITSTATUS(c.status) == 5,
	   "its handler gets its signal");
}

static void test_killed(void)
{
	struct mu_command c;

	if (!start(&c, "sleep 1000"))
		return;
	mu_command_resume(&c);
	kill(c.pid, SIGTERM);
	ok(wait_for_step(&c) == MU_STEP_ENDED && WIFSIGNALED(c.status) &&
		   WTERMSIG(c.status) == SIGTERM,
	   "a signal that ends it does so");
}

/* The breakpoint of an exec under way is taken out again, and a signal on the way is not lost. */
static void test_release(void)
{
	struct mu_command c;
	int status;

	if (!start(&c, "sh -c 'trap \"exit 5\" USR1; while :; do :; done'"))
		return;
	mu_command_resume(&c);
	usleep(300000);
	kill(c.pid, SIGUSR1);
	mu_command_release(&c);
	ok(!mu_command_is_followed(&c), "let go, it is no longer followed");
	ok(waitpid(c.pid, &status, 0) == c.pid && WIFEXITED(status) && WEXITSTATUS(status) == 5,
	   "it has got the signal that came just before");
	if (!start(&c, "env %s/dynamic"))
		return;
	mu_command_resume(&c);
	for (int tries = 0; tries < 500000 && mu_command_next(&c) != MU_STEP_EXEC; tries++)
		;
	mu_command_release(&c);
	ok(waitpid(c.pid, &status, 0) == c.pid && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	   "let go on the way to an entry point, it runs to its own end");
}

static void test_other_thread(void)
{
	struct mu_command c;

	if (!start(&c, "%s/thread %s/dynamic"))
		return;
	ok(mu_command_is_followed(&c), "a command is followed");
	mu_command_resume(&c);
	for (int tries = 0; tries < 500 && !c.has_ended && mu_command_is_followed(&c); tries++) {
		mu_command_next(&c);
		usleep(1000);
	}
	ok(!mu_command_is_followed(&c), "an exec by another thread is noticed as one that is not");
	ends_with(&c, 7, "and does no harm");
}

/* A child of the test is the tool; it is killed while the command runs. */
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
	ok(read(ends[0], &pid, sizeof(pid)) == sizeof(pid), "a tool runs with its command");
	kill(tool, SIGKILL);
	waitpid(tool, NULL, 0);
	usleep(200000);
	ok(pid && strchr("SR", state_of(pid)), "when it is killed the command runs on");
	if (pid)
		kill(pid, SIGKILL);
	close(ends[0]);
	close(ends[1]);
	free(line);
}

int main(void)
{
	char *command;

	dir = mu_format("/tmp/memleak-user-XXXXXX");
	if (!mkdtemp(dir)) {
		perror(dir);
		return 2;
	}
	if (ok(build_all(), "programs are built")) {
		test_chain();
		test_shell();
		test_missing();
		test_release();
		test_other_thread();
	}
	test_signals();
	test_killed();
	test_death_of_tool();
	command = mu_format("rm -rf '%s'", dir);
	if (system(command))
		perror(dir);
	free(command);
	free(dir);
	return done_testing();
}
