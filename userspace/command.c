// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting a command under ptrace, running it to its entry point, and following
 * the programs that it executes in its place.
 *
 * The command is seized for as long as the tool runs, with PTRACE_O_TRACEEXEC:
 * wrappers (env, nice, a shell's exec) end in an exec, and the program behind it
 * is run to its own entry point as the first one was. Only the first thread is
 * seized: an exec by another thread of the command is not seen.
 *
 * While a breakpoint stands, the command dies with the tool: left alone it would
 * run into an instruction that is not its own. At any other time it lives on.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"
#include "text.h"

#define RELEASE_TRIES 200
#define RELEASE_PAUSE_NS 10000000

/* Both are close-on-exec: the second one tells that exec has succeeded, by closing. */
struct pipes {
	int go[2];
	int report[2];
};

/*
 * A process group of its own keeps the terminal's Ctrl-C, which ends the
 * tool, away from the command. The tool's blocked signals are not inherited.
 * It waits to be seized; if the tool dies instead, it ends.
 */
static void run_child(char **argv, const struct pipes *pipes)
{
	sigset_t none;
	char byte;
	int error;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	close(pipes->go[1]);
	if (read(pipes->go[0], &byte, 1) != 1)
		_exit(MU_CANNOT_RUN);
	execvp(argv[0], argv);
	error = errno;
	if (write(pipes->report[1], &error, sizeof(error)) < 0)
		_exit(MU_CANNOT_RUN);
	_exit(MU_NOT_FOUND);
}

/* The statuses of shells, so that scripts can tell the command's absence from ours. */
static int explain_exec(const char *name, int error)
{
	char *text = mu_escape(name);

	if (error == ENOENT)
		mu_warn("%s: command not found", text);
	else
		mu_warn("%s: %s", text, strerror(error));
	free(text);
	return error == ENOENT ? MU_NOT_FOUND : MU_CANNOT_RUN;
}

/* The pipe closes at exec, or brings the errno of the exec that failed. */
static int exec_error(int pipe_end)
{
	int error = 0;
	ssize_t got;

	do {
		got = read(pipe_end, &error, sizeof(error));
	} while (got < 0 && errno == EINTR);
	return got == sizeof(error) ? error : 0;
}

static int seize(pid_t pid)
{
	if (!ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXEC))
		return 0;
	mu_warn("the command cannot be traced: %s", strerror(errno));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return MU_NOTHING;
}

/* The child of fork() is seized, then told to go on to its exec. */
static int let_child_exec(pid_t pid, const struct pipes *pipes, const char *name)
{
	int status = seize(pid);
	int error = 0;

	if (status)
		return status;
	if (write(pipes->go[1], "", 1) == 1)
		error = exec_error(pipes->report[0]);
	if (!error)
		return 0;
	waitpid(pid, NULL, 0);
	return explain_exec(name, error);
}

static int fork_child(char **argv, struct pipes *pipes, pid_t *pid)
{
	int status;

	*pid = fork();
	if (*pid == 0)
		run_child(argv, pipes);
	close(pipes->go[0]);
	close(pipes->report[1]);
	if (*pid < 0) {
		mu_warn("cannot start the command: %s", strerror(errno));
		status = MU_NOTHING;
	} else {
		status = let_child_exec(*pid, pipes, argv[0]);
	}
	close(pipes->go[1]);
	close(pipes->report[0]);
	return status;
}

static int spawn(char **argv, pid_t *pid)
{
	struct pipes pipes;

	if (!pipe2(pipes.go, O_CLOEXEC)) {
		if (!pipe2(pipes.report, O_CLOEXEC))
			return fork_child(argv, &pipes, pid);
		close(pipes.go[0]);
		close(pipes.go[1]);
	}
	mu_warn("no pipe for the command: %s", strerror(errno));
	return MU_NOTHING;
}

/* === Stops === */

static void set_kill(pid_t pid, bool with_tool)
{
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
	       PTRACE_O_TRACEEXEC | (with_tool ? PTRACE_O_EXITKILL : 0));
}

/* A ptrace request fails only if the process is being killed: waitpid() will say so. */
static void run_on(pid_t pid, int signal)
{
	ptrace(PTRACE_CONT, pid, NULL, signal);
}

static enum mu_step stay(struct mu_command *c)
{
	c->is_stopped = true;
	return MU_STEP_ENTRY;
}

/* A 32-bit program stays at its exec stop: the kernel side refuses it by name. */
static enum mu_step take_exec(struct mu_command *c)
{
	c->entry.addr = 0;
	if (!mu_entry_is_64_bit(c->pid))
		return stay(c);
	set_kill(c->pid, true);
	if (!mu_entry_plant(c->pid, &c->entry)) {
		mu_warn("the command cannot be run to its entry point: %s", strerror(errno));
		set_kill(c->pid, false);
		return stay(c);
	}
	run_on(c->pid, 0);
	return MU_STEP_EXEC;
}

static enum mu_step take_entry(struct mu_command *c)
{
	mu_entry_remove(c->pid, &c->entry);
	set_kill(c->pid, false);
	return stay(c);
}

/* Stopped by job control it must stay so until SIGCONT; else the stop was one of ptrace's own. */
static void take_event_stop(pid_t pid, int signal)
{
	if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
	else
		run_on(pid, 0);
}

static enum mu_step take_status(struct mu_command *c, int status)
{
	int signal = WSTOPSIG(status);
	int event = status >> 16;

	if (!WIFSTOPPED(status)) {
		c->has_ended = true;
		c->is_stopped = false;
		c->status = status;
		return MU_STEP_ENDED;
	}
	if (event == PTRACE_EVENT_EXEC)
		return take_exec(c);
	if (!event && signal == SIGTRAP && mu_entry_is_hit(c->pid, &c->entry))
		return take_entry(c);
	if (event)
		take_event_stop(c->pid, signal);
	else
		run_on(c->pid, signal);
	return MU_STEP_NONE;
}

static enum mu_step next_step(struct mu_command *c, int flags)
{
	enum mu_step step = MU_STEP_NONE;
	int status;

	while (step == MU_STEP_NONE && !c->has_ended) {
		pid_t got = waitpid(c->pid, &status, flags);

		if (got == c->pid)
			step = take_status(c, status);
		else if (got == 0 || errno != EINTR)
			break;
	}
	return step;
}

enum mu_step mu_command_next(struct mu_command *c)
{
	return next_step(c, WNOHANG);
}

static int explain_early_end(const struct mu_command *c)
{
	if (!c->has_ended)
		mu_warn("the command cannot be waited for: %s", strerror(errno));
	else if (WIFSIGNALED(c->status))
		mu_warn("the command was killed by signal %d before its entry point",
			WTERMSIG(c->status));
	else
		mu_warn("the command ended with status %d before its entry point",
			WEXITSTATUS(c->status));
	return MU_NOTHING;
}

int mu_command_start(struct mu_command *c, const char *line)
{
	const char *why;
	char **argv = mu_words_split(line, &why);
	enum mu_step step;
	int status;

	*c = (struct mu_command){};
	if (!argv)
		return mu_usage_error("-c: bad command: %s", why);
	signal(SIGCHLD, SIG_DFL); /* ignored, it would have the command's end go unnoticed */
	status = spawn(argv, &c->pid);
	mu_words_free(argv);
	if (status)
		return status;
	do {
		step = next_step(c, 0);
	} while (step == MU_STEP_EXEC);
	return step == MU_STEP_ENTRY ? 0 : explain_early_end(c);
}

void mu_command_resume(struct mu_command *c)
{
	if (!c->is_stopped)
		return;
	c->is_stopped = false;
	run_on(c->pid, 0);
}

bool mu_command_is_followed(const struct mu_command *c)
{
	char *path = mu_format("/proc/%d/status", c->pid);
	FILE *file = fopen(path, "re");
	pid_t tracer = 0;
	char line[256];

	free(path);
	while (file && !tracer && fgets(line, sizeof(line), file))
		sscanf(line, "TracerPid: %d", &tracer);
	if (file)
		fclose(file);
	return tracer == getpid();
}

/* === Ends === */

/* Stops it, within a time: in a system call that does not end it cannot be. */
static bool stop_running(struct mu_command *c, int *status)
{
	const struct timespec pause = { .tv_nsec = RELEASE_PAUSE_NS };

	if (ptrace(PTRACE_INTERRUPT, c->pid, NULL, NULL))
		return false;
	for (int tries = 0; tries < RELEASE_TRIES; tries++) {
		if (waitpid(c->pid, status, WNOHANG) == c->pid) {
			if (WIFSTOPPED(*status))
				return true;
			take_status(c, *status);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

/* What a stop has to be ended with, so that the command gets the signal that it has stopped for. */
static int pending_signal(const struct mu_command *c, int status)
{
	if (status >> 16 || mu_entry_is_hit(c->pid, &c->entry))
		return 0;
	return WSTOPSIG(status);
}

/* A command that does not stop is detached by the end of the tool. */
void mu_command_release(struct mu_command *c)
{
	int signal = 0;
	int status;

	if (c->has_ended)
		return;
	if (!c->is_stopped) {
		if (!stop_running(c, &status))
			return;
		signal = pending_signal(c, status);
	}
	if (c->entry.addr)
		mu_entry_remove(c->pid, &c->entry);
	ptrace(PTRACE_DETACH, c->pid, NULL, signal);
	c->is_stopped = false;
}

void mu_command_kill(struct mu_command *c)
{
	int status;

	if (c->has_ended)
		return;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) == c->pid && WIFSTOPPED(status))
		;
	c->has_ended = true;
	c->status = 0;
}

void mu_command_report_end(const struct mu_command *c)
{
	if (!c->has_ended)
		return;
	if (WIFSIGNALED(c->status))
		mu_warn("the command was killed by signal %d", WTERMSIG(c->status));
	else if (WEXITSTATUS(c->status))
		mu_warn("the command ended with status %d", WEXITSTATUS(c->status));
}
