// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: attaching to a process, and to each program that it executes.
 *
 * The target is bound to the open control file, so that the module removes it however the tool
 * ends, and no error path has to undo an attach. A target that another program has attached is
 * only read.
 *
 * session_show.c prints the tables. Depends on module_files.c, rows.c, process.c, symbolize.c,
 * children.c and wait.c.
 */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "attach_command.h"
#include "control.h"
#include "wait.h"

#define RETRY_MS 500

static bool find_target(struct mu_session *s, struct mu_control_row *row)
{
	FILE *control = mu_files_open_control(s->files);
	bool found;

	if (!control)
		return false;
	found = mu_control_find(control, s->process.pid, row);
	fclose(control);
	if (found) {
		s->id = row->id;
		s->group = row->group;
	}
	return found;
}

static void report_unseen(const struct mu_session *s, const struct mu_control_row *row)
{
	for (size_t i = 0; i < row->nr_unseen; i++)
		mu_warn("pid %d: not seen: %s", s->process.pid, row->unseen[i]);
}

static bool find_own_target(struct mu_session *s)
{
	struct mu_control_row row;

	if (!find_target(s, &row)) {
		mu_warn("pid %d has ended", s->process.pid);
		return false;
	}
	report_unseen(s, &row);
	mu_control_row_free(&row);
	return true;
}

/* Return: false if the process has exited or a signal ends the tool. */
static bool wait_before_retry(struct mu_session *s)
{
	const struct mu_waited one = { .pidfd = &s->process.pidfd, .nr = 1 };
	uint64_t deadline = mu_wait_clock() + RETRY_MS;
	enum mu_wake wake;
	size_t which;

	do {
		wake = mu_wait(s->signals, &one, deadline, &which);
	} while (wake == MU_CHILD);
	return wake == MU_TIME;
}

/* The attach was not refused, but takes a long time: wait until the target appears. */
static bool wait_for_own_target(struct mu_session *s, const char *reason)
{
	struct mu_control_row row;

	mu_warn("attaching to pid %d takes a long time: %s", s->process.pid, reason);
	while (!find_target(s, &row))
		if (!wait_before_retry(s))
			return false;
	report_unseen(s, &row);
	mu_control_row_free(&row);
	return true;
}

static void report_refusal(const struct mu_session *s, const char *reason)
{
	bool is_kernel_thread = strstr(reason, "kernel thread");

	mu_warn("cannot attach to pid %d: %s%s", s->process.pid, reason,
		is_kernel_thread ? " (did pgrep find nothing, so that -p took INTERVAL?)" : "");
}

static bool is_sampled(const struct mu_control_row *row)
{
	return strstr(row->keys, "sample=") || strstr(row->keys, "every=");
}

/* Options that are applied when a target is attached have no effect on an existing one. */
static void report_no_effect(const struct mu_session *s, const struct mu_control_row *row)
{
	const struct mu_options *o = s->o;

	if (mu_filter_is_set(&o->filter) && is_sampled(row))
		mu_warn("-o, -z and -Z have no effect on its numbers, which are estimates");
	else if (mu_filter_is_set(&o->filter))
		mu_warn("-o, -z and -Z apply only to what that target has recorded");
	if (o->object || o->depth)
		mu_warn("-O and --depth have no effect on that target");
	if (o->prefix || o->pairs)
		mu_warn("--symbols-prefix and --pair have no effect on that target");
	if (o->sample || o->every)
		mu_warn("%s has no effect on that target, which %s", o->sample ? "--sample" : "-s",
			is_sampled(row) ? "is sampled as above" : "records every block");
}

/* A child may have been forked, and become a target, since the children were listed. */
static bool is_in_own_group(const struct mu_session *s)
{
	return s->groups && mu_target_groups_has(s->groups, s->group);
}

static bool find_foreign_target(struct mu_session *s, const char *reason)
{
	struct mu_control_row row;

	if (!find_target(s, &row)) {
		report_refusal(s, reason);
		return false;
	}
	if (is_in_own_group(s)) {
		mu_control_row_free(&row);
		return true;
	}
	if (s->o->freeze_ms) {
		mu_warn("pid %d is already traced: --freeze would change the target of another "
			"program",
			s->process.pid);
		mu_control_row_free(&row);
		return false;
	}
	s->foreign = true;
	mu_warn("pid %d is already traced%s%s: its report is shown, and the target is left unchanged",
		s->process.pid, *row.keys ? " with " : "", row.keys);
	report_no_effect(s, &row);
	report_unseen(s, &row);
	mu_control_row_free(&row);
	return true;
}

static bool attach_process(struct mu_session *s)
{
	char *command = mu_attach_command(s->o, &s->process);
	char *reason;
	bool attached = false;

	s->error = mu_files_command(s->files, command, &reason);
	if (!s->error)
		attached = find_own_target(s);
	else if (s->error == EINPROGRESS)
		attached = wait_for_own_target(s, reason);
	else if (s->error == EBUSY)
		attached = find_foreign_target(s, reason);
	else
		report_refusal(s, reason);
	free(reason);
	free(command);
	return attached;
}

static void close_symbolizer(struct mu_session *s)
{
	s->errors += s->sym ? mu_symbolizer_errors(s->sym) : 0;
	if (s->sym)
		mu_symbolizer_free(s->sym);
	s->sym = NULL;
	free(s->program);
	s->program = NULL;
}

/**
 * mu_session_report_children() - report the children of the process that are not traced
 * @s: the session
 */
void mu_session_report_children(struct mu_session *s)
{
	if (!s->o->children && !s->o->all)
		mu_children_report(&s->children, s->process.pid, s->o->pids.pid, s->o->pids.nr);
}

/* The symbolizer of a sum is that of all sessions. */
static void prepare_session(struct mu_session *s)
{
	const struct mu_search_dirs dirs = {
		.proc = s->process.proc,
		.debug_path = s->o->debug_path,
	};

	s->program = mu_process_name(&s->process);
	if (!s->o->is_sum) {
		s->sym = mu_symbolizer_new(&dirs, s->o->view.lines);
		mu_symbolizer_hold(s->sym);
	}
	s->foreign = false;
	s->since = (struct mu_since){};
	mu_history_free(&s->history);
}

/**
 * mu_session_attach() - attach to the session's process
 * @s: the session
 *
 * Return: true if it is attached. If not, a message has been printed and @s->error is the errno.
 */
bool mu_session_attach(struct mu_session *s)
{
	prepare_session(s);
	mu_resident_begin(&s->resident, "attach", s->process.proc, 0);
	s->attached = attach_process(s);
	if (s->attached)
		mu_session_report_children(s);
	return s->attached;
}

/**
 * mu_session_adopt() - join the tracing of a process that the module has attached to in a group
 * @s: the session; its process has been opened
 * @row: the target
 */
void mu_session_adopt(struct mu_session *s, const struct mu_control_row *row)
{
	prepare_session(s);
	s->id = row->id;
	s->group = row->group;
	s->attached = true;
	s->is_adopted = true;
	report_unseen(s, row);
}

static void report_reattach(const struct mu_session *s, const char *old)
{
	char *name = mu_process_name(&s->process);

	printf("pid %d runs %s now (exec)", s->process.pid, name);
	if (old)
		printf(": the allocations of %s are dropped", old);
	puts(".");
	fflush(stdout);
	free(name);
}

/**
 * mu_session_reattach() - attach to the program that the process has executed
 * @s: the session
 *
 * The records of the former program stay in its target until the tool ends.
 *
 * Return: as mu_session_attach().
 */
bool mu_session_reattach(struct mu_session *s)
{
	char *old = s->attached ? mu_format("%s", s->program) : NULL;
	pid_t pid = s->process.pid;

	close_symbolizer(s);
	mu_process_close(&s->process);
	s->attached = false;
	if (!mu_process_open(&s->process, pid)) {
		free(old);
		return false;
	}
	report_reattach(s, old);
	free(old);
	return mu_session_attach(s);
}

/**
 * mu_session_is_awaited() - check whether the exit of the process is waited for
 * @s: the session
 *
 * In a sum, the table of a process that has exited is that of the others.
 *
 * Return: true if it is.
 */
bool mu_session_is_awaited(const struct mu_session *s)
{
	return !s->over && !(s->o->is_sum && s->has_exited);
}

/**
 * mu_session_freeze() - let no new blocks be recorded
 * @s: the session
 *
 * If the process has exited, its last table is still to be printed. Otherwise @s->over is set if it
 * cannot be frozen, as a table would show other blocks than those that were not freed.
 *
 * Return: true if it is frozen.
 */
bool mu_session_freeze(struct mu_session *s)
{
	char *command, *reason;
	int error;

	if (!s->attached || s->over)
		return false;
	command = mu_format("freeze %d", s->process.pid);
	error = mu_files_command(s->files, command, &reason);
	if (error && error != ENOENT && error != ESRCH) {
		mu_warn("cannot freeze pid %d: %s", s->process.pid, reason);
		s->errors++;
		s->over = true;
	}
	free(reason);
	free(command);
	return !error;
}

/**
 * mu_session_errors() - count the errors that did not prevent a table
 * @s: the session
 *
 * Return: the number of errors.
 */
size_t mu_session_errors(const struct mu_session *s)
{
	return s->errors + (s->sym ? mu_symbolizer_errors(s->sym) : 0);
}

/**
 * mu_session_close() - close a session
 * @s: the session
 */
void mu_session_close(struct mu_session *s)
{
	close_symbolizer(s);
	mu_history_free(&s->history);
	mu_process_close(&s->process);
	free(s->children.pid);
}
