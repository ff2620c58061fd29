// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracing processes: attach to each, print a table of each in every interval, and close.
 *
 * Each process is a session, session.c. With -c there is one session, whose command is followed
 * through each exec, command.c. This file has the main loop and the exit status.
 */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "mem.h"
#include "msg.h"
#include "session.h"
#include "text.h"
#include "wait.h"

struct trace {
	const struct mu_options *o;
	struct mu_debugfs *debugfs;
	struct mu_command command; /* of -c; pid is 0 without -c */
	int signals;
	struct mu_session *sessions;
	size_t nr;
	size_t failed; /* processes that could not be attached to */
	bool frozen;   /* the processes have been frozen, by --freeze */
	int *pidfds;   /* of the sessions, -1 for a session that is over */
};

static bool has_session(const struct trace *t, pid_t pid)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->sessions[i].process.pid == pid)
			return true;
	return false;
}

/* Several threads of a process, or the same PID twice, are one session. */
static void add_session(struct trace *t, pid_t pid)
{
	struct mu_session *s = &t->sessions[t->nr];

	*s = (struct mu_session){ .o = t->o, .debugfs = t->debugfs, .signals = t->signals };
	if (t->command.pid)
		s->command = &t->command;
	if (!mu_process_open(&s->process, pid))
		t->failed++;
	else if (has_session(t, s->process.pid))
		mu_process_close(&s->process);
	else
		t->nr++;
}

/* Sessions keep files open: those of a process, and those that it has mapped. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void open_sessions(struct trace *t)
{
	const struct mu_pids *pids = &t->o->pids;

	raise_file_limit();
	t->sessions = mu_zalloc((pids->nr + 1) * sizeof(*t->sessions));
	if (t->command.pid)
		add_session(t, t->command.pid);
	for (size_t i = 0; i < pids->nr; i++)
		add_session(t, pids->pid[i]);
}

/* A command that cannot be traced may be a wrapper that executes a program that can. */
static bool is_worth_following(const struct mu_session *s)
{
	return s->command && (s->error == ENOENT || s->error == EOPNOTSUPP);
}

static void report_running_on(const struct mu_session *s)
{
	if (is_worth_following(s))
		mu_warn("the command runs on: a program that it executes may be traced");
}

static void attach_session(struct trace *t, struct mu_session *s)
{
	printf("Attaching to pid %d, Ctrl+C to quit.\n", s->process.pid);
	fflush(stdout);
	if (mu_session_attach(s))
		return;
	t->failed++;
	s->over = !is_worth_following(s);
	report_running_on(s);
	if (s->over && s->command)
		mu_command_kill(&t->command);
}

static bool is_any_left(const struct trace *t)
{
	for (size_t i = 0; i < t->nr; i++)
		if (!t->sessions[i].over)
			return true;
	return false;
}

static void show_all(struct trace *t)
{
	for (size_t i = 0; i < t->nr; i++)
		mu_session_show(&t->sessions[i]);
}

/* The command is stopped at the entry point of a new program, which replaces the former one. */
static void follow_exec(struct trace *t)
{
	t->failed = !mu_session_reattach(&t->sessions[0]);
	if (t->failed)
		report_running_on(&t->sessions[0]);
	else if (t->frozen)
		mu_session_freeze(&t->sessions[0]);
	mu_command_resume(&t->command);
}

static void handle_steps(struct trace *t)
{
	enum mu_step step;

	if (!t->command.pid)
		return;
	do {
		step = mu_command_next(&t->command);
		if (step == MU_STEP_ENTRY)
			follow_exec(t);
	} while (step != MU_STEP_NONE);
}

static enum mu_wake wait_for_any(struct trace *t, uint64_t deadline, size_t *which)
{
	const struct mu_waited waited = { .pidfd = t->pidfds, .nr = t->nr };

	for (size_t i = 0; i < t->nr; i++)
		t->pidfds[i] = t->sessions[i].over ? -1 : t->sessions[i].process.pidfd;
	return mu_wait(t->signals, &waited, deadline, which);
}

static bool is_freeze_due(const struct trace *t, enum mu_wake wake)
{
	return wake == MU_TIME && t->o->freeze_ms && !t->frozen;
}

static void freeze_all(struct trace *t)
{
	t->frozen = true;
	for (size_t i = 0; i < t->nr; i++)
		mu_session_freeze(&t->sessions[i]);
}

static void watch_sessions(struct trace *t)
{
	uint64_t deadline = mu_wait_clock() + t->o->interval_ms;
	enum mu_wake wake = MU_TIME;
	uint64_t tables = 0;
	size_t which;

	while (wake != MU_SIGNAL && is_any_left(t) && !(t->o->count && tables == t->o->count)) {
		wake = wait_for_any(t, deadline, &which);
		handle_steps(t);
		if (wake == MU_EXITED) {
			mu_session_show(&t->sessions[which]);
			mu_session_report_exit(&t->sessions[which]);
		} else if (is_freeze_due(t, wake)) {
			freeze_all(t);
			deadline = mu_wait_clock() + t->o->freeze_ms;
		} else if (wake != MU_CHILD) {
			show_all(t);
			tables++;
			deadline = mu_wait_clock() + t->o->interval_ms;
		}
	}
}

/* === Searching for leaks === */

/* Return: false if a signal ends the tool, or if no session is left. */
static bool pause_for(void *context, uint64_t ms)
{
	struct trace *t = context;
	uint64_t deadline = mu_wait_clock() + ms;
	enum mu_wake wake = MU_CHILD;
	size_t which;

	while (wake != MU_TIME && is_any_left(t)) {
		wake = wait_for_any(t, deadline, &which);
		if (wake == MU_SIGNAL)
			return false;
		handle_steps(t);
		if (wake == MU_EXITED)
			mu_session_report_exit(&t->sessions[which]);
	}
	return is_any_left(t);
}

static void search_sessions(struct trace *t)
{
	bool goes_on = true;

	for (uint64_t round = 0; goes_on && round < t->o->count; round++) {
		pause_for(t, t->o->interval_ms);
		goes_on = is_any_left(t);
		for (size_t i = 0; i < t->nr && goes_on; i++)
			if (t->sessions[i].attached && !t->sessions[i].over)
				mu_session_leaks(&t->sessions[i], pause_for, t);
	}
}

static int exit_status(const struct trace *t)
{
	size_t errors = t->failed;
	bool shown = false;

	for (size_t i = 0; i < t->nr; i++) {
		errors += mu_session_errors(&t->sessions[i]);
		shown |= t->sessions[i].shown;
	}
	if (!shown)
		return MU_NOTHING;
	return errors ? MU_PARTLY : MU_SHOWN;
}

static int trace_sessions(struct trace *t)
{
	int status;

	open_sessions(t);
	t->pidfds = mu_zalloc((t->nr + 1) * sizeof(*t->pidfds));
	for (size_t i = 0; i < t->nr; i++)
		attach_session(t, &t->sessions[i]);
	if (t->command.pid && t->nr)
		mu_command_resume(&t->command);
	if (t->o->mode == MU_LEAKS)
		search_sessions(t);
	else
		watch_sessions(t);
	status = exit_status(t);
	for (size_t i = 0; i < t->nr; i++)
		mu_session_close(&t->sessions[i]);
	free(t->pidfds);
	free(t->sessions);
	return status;
}

static int start_command(struct trace *t)
{
	char *text = mu_escape(t->o->command);

	printf("Executing '%s' and tracing the resulting process.\n", text);
	fflush(stdout);
	free(text);
	return mu_command_start(&t->command, t->o->command);
}

/* The command runs on, even if it could not be traced. */
static void leave_command(struct trace *t)
{
	if (!t->command.pid)
		return;
	while (mu_command_next(&t->command) == MU_STEP_EXEC)
		;
	mu_command_release(&t->command);
	mu_command_report_end(&t->command);
}

static int trace_all(struct trace *t)
{
	int status = t->o->command ? start_command(t) : 0;

	if (status)
		return status;
	t->signals = mu_wait_init();
	status = t->signals < 0 ? MU_NOTHING : trace_sessions(t);
	leave_command(t);
	if (t->signals >= 0)
		close(t->signals);
	return status;
}

/**
 * mu_trace() - trace processes as the options say
 * @o: the options
 *
 * Return: the exit status.
 */
int mu_trace(const struct mu_options *o)
{
	struct trace t = { .o = o };
	int status;

	t.debugfs = mu_debugfs_open(o->module);
	if (!t.debugfs)
		return MU_NOTHING;
	status = trace_all(&t);
	mu_debugfs_close(t.debugfs);
	return status;
}
