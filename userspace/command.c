// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command of option -c: running it to its entry point, and following each exec.
 *
 * The command is seized for as long as the tool runs, with PTRACE_O_TRACEEXEC: wrappers (env, nice,
 * a shell's exec) end in an exec, and the new program is run to its own entry point like the first
 * one. Only the first thread is seized: an exec by another thread of the command is not noticed.
 *
 * PTRACE_O_EXITKILL is set only while a breakpoint is set: without the tool the command would run
 * into the breakpoint. At any other time the command outlives the tool.
 *
 * Depends on command_spawn.c to start it, on entry.c for the breakpoint, and on msg.c and text.c.
 */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command_spawn.h"
#include "mem.h"
#include "msg.h"
#include "text.h"

#define RELEASE_TRIES 200
#define RELEASE_PAUSE_NS 10000000

static void set_exit_kill(pid_t pid, bool with_tool)
{
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
	       PTRACE_O_TRACEEXEC | (with_tool ? PTRACE_O_EXITKILL : 0));
}

/* A ptrace request fails only if the process is being killed, which waitpid() reports. */
static void continue_command(pid_t pid, int signal)
{
	ptrace(PTRACE_CONT, pid, NULL, signal);
}

static enum mu_step stay_stopped(struct mu_command *c)
{
	c->is_stopped = true;
	return MU_STEP_ENTRY;
}

/* A 32-bit program stays at its exec stop, as the module will refuse it. */
static enum mu_step handle_exec(struct mu_command *c)
{
	c->entry.addr = 0;
	if (!mu_entry_is_64_bit(c->pid))
		return stay_stopped(c);
	set_exit_kill(c->pid, true);
	if (!mu_entry_plant(c->pid, &c->entry)) {
		mu_warn("cannot run the command to its entry point: %s", strerror(errno));
		set_exit_kill(c->pid, false);
		return stay_stopped(c);
	}
	continue_command(c->pid, 0);
	return MU_STEP_EXEC;
}

static enum mu_step handle_entry(struct mu_command *c)
{
	mu_entry_remove(c->pid, &c->entry);
	set_exit_kill(c->pid, false);
	return stay_stopped(c);
}

/* A command that job control has stopped must stay so until SIGCONT. Other stops are ptrace's. */
static void handle_event_stop(pid_t pid, int signal)
{
	if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
	else
		continue_command(pid, 0);
}

static enum mu_step handle_status(struct mu_command *c, int status)
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
		return handle_exec(c);
	if (!event && signal == SIGTRAP && mu_entry_is_hit(c->pid, &c->entry))
		return handle_entry(c);
	if (event)
		handle_event_stop(c->pid, signal);
	else
		continue_command(c->pid, signal);
	return MU_STEP_NONE;
}

static enum mu_step wait_for_step(struct mu_command *c, int flags)
{
	enum mu_step step = MU_STEP_NONE;
	int status;

	while (step == MU_STEP_NONE && !c->has_ended) {
		pid_t got = waitpid(c->pid, &status, flags);

		if (got == c->pid)
			step = handle_status(c, status);
		else if (got == 0 || errno != EINTR)
			break;
	}
	return step;
}

/**
 * mu_command_next() - handle an event that SIGCHLD has announced
 * @c: the command
 *
 * Passes signals on to the command, and leaves stops by job control alone. Does not block.
 *
 * Return: the event. Call again unless it is MU_STEP_NONE or MU_STEP_ENTRY.
 */
enum mu_step mu_command_next(struct mu_command *c)
{
	return wait_for_step(c, WNOHANG);
}

static int explain_early_end(const struct mu_command *c)
{
	if (!c->has_ended)
		mu_warn("cannot wait for the command: %s", strerror(errno));
	else if (WIFSIGNALED(c->status))
		mu_warn("the command was killed by signal %d before its entry point",
			WTERMSIG(c->status));
	else
		mu_warn("the command ended with status %d before its entry point",
			WEXITSTATUS(c->status));
	return MU_NOTHING;
}

/**
 * mu_command_start() - start a command and run it to its entry point
 * @c: set to the command if 0 is returned
 * @line: the command line, split into words as by a shell
 *
 * Return: 0, or the exit status of the tool, with a message.
 */
int mu_command_start(struct mu_command *c, const char *line)
{
	const char *why;
	char **argv = mu_words_split(line, &why);
	enum mu_step step;
	int status;

	*c = (struct mu_command){};
	if (!argv)
		return mu_usage_error("-c: invalid command: %s", why);
	signal(SIGCHLD, SIG_DFL); /* if it is ignored, waitpid() does not report the end */
	status = mu_command_spawn(argv, &c->pid);
	mu_words_free(argv);
	if (status)
		return status;
	do {
		step = wait_for_step(c, 0);
	} while (step == MU_STEP_EXEC);
	return step == MU_STEP_ENTRY ? 0 : explain_early_end(c);
}

/**
 * mu_command_resume() - continue a command that is stopped at an entry point
 * @c: the command
 */
void mu_command_resume(struct mu_command *c)
{
	if (!c->is_stopped)
		return;
	c->is_stopped = false;
	continue_command(c->pid, 0);
}

/**
 * mu_command_is_followed() - check whether a command is still traced with ptrace
 * @c: the command
 *
 * Return: true if it is. An exec by another thread than the first one ends it.
 */
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

/* === Releasing the command === */

/* Gives up after a time, as a command in an uninterruptible system call does not stop. */
static bool stop_running(struct mu_command *c, int *status)
{
	const struct timespec pause = { .tv_nsec = RELEASE_PAUSE_NS };

	if (ptrace(PTRACE_INTERRUPT, c->pid, NULL, NULL))
		return false;
	for (int tries = 0; tries < RELEASE_TRIES; tries++) {
		if (waitpid(c->pid, status, WNOHANG) == c->pid) {
			if (WIFSTOPPED(*status))
				return true;
			handle_status(c, *status);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Return: the signal that the command has stopped for, and that it has to get, or 0. */
static int pending_signal(const struct mu_command *c, int status)
{
	if (status >> 16 || mu_entry_is_hit(c->pid, &c->entry))
		return 0;
	return WSTOPSIG(status);
}

/**
 * mu_command_release() - stop tracing a command, which runs on
 * @c: the command
 *
 * A command that cannot be stopped is detached when the tool exits.
 */
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

/**
 * mu_command_kill() - kill a command
 * @c: the command
 */
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

/**
 * mu_command_report_end() - print how a command has ended, unless it has succeeded or still runs
 * @c: the command
 */
void mu_command_report_end(const struct mu_command *c)
{
	if (!c->has_ended)
		return;
	if (WIFSIGNALED(c->status))
		mu_warn("the command was killed by signal %d", WTERMSIG(c->status));
	else if (WEXITSTATUS(c->status))
		mu_warn("the command ended with status %d", WEXITSTATUS(c->status));
}
