// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracing processes: attach to each, print a table of each in every interval, and close.
 *
 * Each process is a session, session.c, in a list, sessions.c. With -c the first one is that of the
 * command, which is followed through each exec, command.c. There is a table for each process, or
 * one for all, sum_table.c; or they are exported, export_live.c. This file has the main loop and
 * the exit status.
 */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "export_live.h"
#include "mem.h"
#include "msg.h"
#include "sessions.h"
#include "sum_table.h"
#include "text.h"
#include "wait.h"

#define TICK_MS 1000 /* how often new processes are looked for */

struct trace {
	const struct mu_options *o;
	struct mu_files *files;
	struct mu_command command; /* of -c; pid is 0 without -c */
	int signals;
	struct mu_sessions all;
	struct mu_sum_table table; /* if there is one for all processes, or an export */
	struct mu_output output;   /* of an export */
	bool frozen;		   /* the processes have been frozen, by --freeze */
};

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
	t->all = (struct mu_sessions){ .o = t->o, .files = t->files, .signals = t->signals };
	if (t->command.pid) {
		t->all.command = &t->command;
		mu_sessions_add(&t->all, t->command.pid);
	}
	for (size_t i = 0; i < pids->nr; i++)
		mu_sessions_add(&t->all, pids->pid[i]);
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
	if (!t->o->is_sum || t->all.nr == 1)
		printf("Attaching to pid %d, Ctrl+C to quit.\n", s->process.pid);
	fflush(stdout);
	if (mu_session_attach(s))
		return;
	t->all.failed++;
	s->over = !is_worth_following(s);
	report_running_on(s);
	if (s->over && s->command)
		mu_command_kill(&t->command);
}

static void attach_sessions(struct trace *t)
{
	size_t nr = t->all.nr;

	if (t->o->is_sum && nr > 1)
		printf("Attaching to %zu processes, Ctrl+C to quit.\n", nr);
	for (size_t i = 0; i < nr; i++)
		attach_session(t, t->all.session[i]);
	if (!t->o->all)
		return;
	printf("Attaching to all processes that map %s, Ctrl+C to quit.\n", t->o->object);
	fflush(stdout);
}

/* Find out which processes have come and gone. */
static void update_sessions(struct trace *t)
{
	mu_sessions_update(&t->all);
	if (t->o->is_sum)
		mu_sum_table_add(&t->table, &t->all);
}

static void show_each(struct trace *t)
{
	for (size_t i = 0; i < t->all.nr; i++)
		mu_session_show(t->all.session[i]);
}

static void export_all(struct trace *t)
{
	if (mu_export_live(&t->all, t->table.sym, t->frozen, &t->output))
		t->table.shown = true;
	else
		t->all.errors++;
}

static void show_all(struct trace *t)
{
	update_sessions(t);
	if (t->o->mode == MU_EXPORT_LIVE)
		export_all(t);
	else if (t->o->is_sum)
		mu_sum_table_show(&t->table, &t->all);
	else
		show_each(t);
	mu_sessions_drop(&t->all);
}

/* The command is stopped at the entry point of a new program, which replaces the former one. */
static void follow_exec(struct trace *t)
{
	struct mu_session *s = t->all.session[0];

	if (t->o->is_sum)
		mu_sum_table_remove(&t->table, s);
	t->all.failed = !mu_session_reattach(s);
	if (t->all.failed)
		report_running_on(s);
	else if (t->frozen)
		mu_session_freeze(s);
	update_sessions(t);
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
	int *pidfds = mu_zalloc((t->all.nr + 1) * sizeof(*pidfds));
	const struct mu_waited waited = { .pidfd = pidfds, .nr = t->all.nr };
	enum mu_wake wake;

	for (size_t i = 0; i < t->all.nr; i++) {
		const struct mu_session *s = t->all.session[i];

		pidfds[i] = mu_session_is_awaited(s) ? s->process.pidfd : -1;
	}
	wake = mu_wait(t->signals, &waited, deadline, which);
	free(pidfds);
	return wake;
}

static bool has_groups(const struct trace *t)
{
	return t->o->children || t->o->all;
}

/* Wait until the deadline, and look for new processes meanwhile. */
static enum mu_wake wait_with_ticks(struct trace *t, uint64_t deadline, size_t *which)
{
	uint64_t now = mu_wait_clock();

	while (has_groups(t) && deadline > now + TICK_MS) {
		enum mu_wake wake = wait_for_any(t, now + TICK_MS, which);

		if (wake != MU_TIME)
			return wake;
		update_sessions(t);
		now = mu_wait_clock();
	}
	return wait_for_any(t, deadline, which);
}

static bool is_freeze_due(const struct trace *t, enum mu_wake wake)
{
	return wake == MU_TIME && t->o->freeze_ms && !t->frozen;
}

static void freeze_all(struct trace *t)
{
	size_t frozen = 0;

	t->frozen = true;
	t->table.is_frozen = true;
	update_sessions(t);
	for (size_t i = 0; i < t->all.nr; i++) {
		struct mu_session *s = t->all.session[i];

		if (!mu_session_freeze(s))
			continue;
		frozen++;
		if (!t->o->is_sum)
			printf("pid %d is frozen: no new blocks are recorded.\n", s->process.pid);
	}
	if (t->o->is_sum)
		printf("%zu processes are frozen: no new blocks are recorded.\n", frozen);
	fflush(stdout);
}

/* In a sum, the last table follows when no process is left. */
static void note_exit(struct trace *t, struct mu_session *s)
{
	s->has_exited = true;
	if (t->o->is_sum)
		return;
	mu_session_show(s);
	mu_session_report_exit(s);
	mu_sessions_drop(&t->all);
}

/* The module has no target for a child that has not allocated yet. */
static bool goes_on(struct trace *t)
{
	enum mu_wake wake;
	size_t which;

	if (mu_sessions_is_any_left(&t->all))
		return true;
	if (!t->o->children || !t->all.groups.nr)
		return false;
	wake = wait_for_any(t, mu_wait_clock() + TICK_MS, &which);
	update_sessions(t);
	return wake == MU_TIME && mu_sessions_is_any_left(&t->all);
}

static bool has_unshown(const struct trace *t)
{
	for (size_t i = 0; i < t->all.nr; i++)
		if (t->all.session[i]->attached && !t->all.session[i]->over)
			return true;
	return t->all.nr_unseen != 0;
}

static void watch_sessions(struct trace *t)
{
	uint64_t deadline = mu_wait_clock() + (t->o->is_textfile ? 0 : t->o->interval_ms);
	enum mu_wake wake = MU_TIME;
	uint64_t tables = 0;
	size_t which;

	while (wake != MU_SIGNAL && !(t->o->count && tables == t->o->count) && goes_on(t)) {
		wake = wait_with_ticks(t, deadline, &which);
		handle_steps(t);
		if (wake == MU_EXITED) {
			note_exit(t, t->all.session[which]);
		} else if (is_freeze_due(t, wake)) {
			freeze_all(t);
			deadline = mu_wait_clock() + t->o->freeze_ms;
		} else if (wake != MU_CHILD) {
			show_all(t);
			tables++;
			deadline = mu_wait_clock() + t->o->interval_ms;
		}
	}
	if (t->o->is_textfile)
		mu_output_remove(&t->output);
	else if (t->o->is_sum && wake != MU_SIGNAL && !mu_sessions_is_any_left(&t->all) &&
		 has_unshown(t))
		show_all(t);
}

/* === Searching for leaks === */

/* Return: false if a signal ends the tool, or if no session is left. */
static bool pause_for(void *context, uint64_t ms)
{
	struct trace *t = context;
	uint64_t deadline = mu_wait_clock() + ms;
	enum mu_wake wake = MU_CHILD;
	size_t which;

	while (wake != MU_TIME && mu_sessions_is_any_left(&t->all)) {
		wake = wait_for_any(t, deadline, &which);
		if (wake == MU_SIGNAL)
			return false;
		handle_steps(t);
		if (wake == MU_EXITED)
			mu_session_report_exit(t->all.session[which]);
	}
	return mu_sessions_is_any_left(&t->all);
}

static void search_sessions(struct trace *t)
{
	bool more = true;

	for (uint64_t round = 0; more && round < t->o->count; round++) {
		pause_for(t, t->o->interval_ms);
		more = mu_sessions_is_any_left(&t->all);
		for (size_t i = 0; i < t->all.nr && more; i++)
			if (t->all.session[i]->attached && !t->all.session[i]->over)
				mu_session_leaks(t->all.session[i], pause_for, t);
	}
}

/* After all sessions have been closed. */
static int exit_status(const struct trace *t)
{
	size_t errors = t->all.failed + t->all.errors;
	bool shown = t->all.shown;

	if (t->o->is_sum) {
		errors += mu_symbolizer_errors(t->table.sym);
		shown |= t->table.shown;
	}
	if (!shown)
		return MU_NOTHING;
	return errors ? MU_PARTLY : MU_SHOWN;
}

static void trace_opened(struct trace *t)
{
	attach_sessions(t);
	update_sessions(t);
	if (t->o->children)
		mu_sessions_attach_descendants(&t->all);
	update_sessions(t);
	if (t->command.pid && t->all.nr)
		mu_command_resume(&t->command);
	if (t->o->mode == MU_LEAKS)
		search_sessions(t);
	else
		watch_sessions(t);
}

static int trace_sessions(struct trace *t)
{
	int status = MU_NOTHING;

	if (t->o->is_sum)
		mu_sum_table_init(&t->table, t->o, t->files);
	open_sessions(t);
	if (!t->o->all || mu_sessions_attach_all(&t->all))
		trace_opened(t);
	mu_sessions_close(&t->all);
	status = exit_status(t);
	if (t->o->is_sum)
		mu_sum_table_free(&t->table);
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
	struct trace t = {
		.o = o,
		.output = { .path = o->output, .is_textfile = o->is_textfile },
	};
	int status;

	if (o->mode == MU_EXPORT_LIVE && !o->output && !mu_output_take_stdout(&t.output))
		return MU_NOTHING;
	t.files = mu_files_open(o->module);
	if (!t.files)
		return MU_NOTHING;
	status = trace_all(&t);
	mu_files_close(t.files);
	return status;
}
