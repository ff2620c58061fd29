// SPDX-License-Identifier: GPL-2.0-only
/*
 * Printing the tables of a session, and what has become of its process.
 *
 * Depends on module_files.c and rows.c for the module's files, report.c and symbolize.c for the report,
 * and print.c and total.c for the table.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "rows.h"
#include "session.h"

static struct mu_allocations *read_allocations(struct mu_session *s)
{
	const struct mu_filter all = { .max = UINT64_MAX };
	FILE *file = mu_files_open_target(s->files, s->id, "allocations");
	struct mu_allocations *allocations;

	if (!file)
		return NULL;
	allocations = mu_allocations_read(file, s->foreign ? &s->o->filter : &all);
	fclose(file);
	s->errors += allocations->errors;
	return allocations;
}

/* A foreign target was attached at an unknown time, and any target may be cleared. */
static void update_resident(struct mu_session *s, const struct mu_target *target)
{
	int proc = s->process.proc;

	if (s->history.is_cleared || (s->foreign && s->history.nr_tables == 1))
		mu_resident_begin(&s->resident,
				  s->history.is_cleared ? "it was cleared" : "the first table",
				  proc, target->bytes);
	else
		mu_resident_update(&s->resident, proc);
}

static void show_total(struct mu_session *s, const struct mu_target *target)
{
	const struct mu_total total = {
		.view = &s->o->view,
		.filter = s->foreign ? NULL : &s->o->filter,
		.limit = target->lost ? mu_files_memory_limit(s->files) : 0,
		.resident = &s->resident,
		.freeze = s->o->freeze_ms != 0,
	};

	update_resident(s, target);
	mu_print_total(&total, target, &s->since);
}

/*
 * A foreign target was attached with another filter, so that its stacks are recomputed by ours. The
 * numbers of a sampled one are estimates for all blocks, and the list has only the recorded ones:
 * their sums would be far too low.
 */
static bool is_to_be_regrouped(const struct mu_session *s, const struct mu_target *target)
{
	return s->foreign && mu_filter_is_set(&s->o->filter) && !target->sampling;
}

/*
 * The amounts of the mark are known without our filter only. If the filter is one of ages that
 * shows all blocks from before the mark, both can be compared.
 */
static void check_mark(const struct mu_filter *f, struct mu_target *target)
{
	if (f->min || f->max != UINT64_MAX || f->older > target->mark_ms)
		target->has_mark = false;
}

/**
 * mu_session_apply_filter() - apply the filter of the options to a foreign target
 * @s: the session
 * @target: its target; unchanged if it was attached with the filter
 *
 * Return: the blocks, to be freed, if they are shown or were needed, else NULL.
 */
struct mu_allocations *mu_session_apply_filter(struct mu_session *s, struct mu_target *target)
{
	bool regroup = is_to_be_regrouped(s, target);
	struct mu_allocations *allocations = NULL;

	if (regroup || s->o->show_allocations)
		allocations = read_allocations(s);
	if (regroup && allocations) {
		mu_allocations_regroup(allocations, target);
		check_mark(&s->o->filter, target);
	}
	return allocations;
}

static void show_target(struct mu_session *s, struct mu_target *target)
{
	struct mu_allocations *allocations = mu_session_apply_filter(s, target);

	mu_print_select(&s->o->view, target, s->sym, &s->history);
	mu_print_prepare(&s->o->view, target, s->sym);
	if (s->o->several)
		printf("pid %d (%s):\n", s->process.pid, target->comm);
	mu_print_head(&s->o->view);
	if (allocations)
		mu_allocations_drop(allocations, &target->left_out);
	if (s->o->show_allocations && allocations)
		mu_print_allocations(allocations, target->sampling);
	mu_print_stacks(&s->o->view, target, s->sym);
	show_total(s, target);
	mu_allocations_free(allocations);
	s->shown = true;
}

static void report_state(struct mu_session *s, const char *state)
{
	s->over = true;
	if (!strcmp(state, "exited"))
		printf("pid %d has exited.\n", s->process.pid);
	else if (!strcmp(state, "exec"))
		printf("pid %d has executed another program (exec), and its former memory is gone.\n",
		       s->process.pid);
	else if (strcmp(state, "tracing"))
		printf("pid %d is no longer traced: it was detached.\n", s->process.pid);
	else
		s->over = false;
}

/*
 * A foreign target may be removed at any time, and one of a group when it has ended. Another one of
 * our own cannot be removed.
 */
static void report_gone(struct mu_session *s, int error)
{
	if (s->is_adopted && error == ENOENT)
		return;
	if (s->foreign && error == ENOENT) {
		printf("pid %d is no longer traced: its target was removed.\n", s->process.pid);
		return;
	}
	mu_warn("cannot read the report of pid %d: %s", s->process.pid, strerror(error));
	s->errors++;
}

/**
 * mu_session_read() - read the report of a session
 * @s: the session; mu_symbolizer_hold() has been called
 *
 * Return: the report, which has one target, or NULL, with a message, if the target does not exist
 * any more.
 */
struct mu_report *mu_session_read(struct mu_session *s)
{
	FILE *file = mu_files_open_target(s->files, s->id, "report");
	struct mu_report *report;

	if (!file) {
		report_gone(s, errno);
		return NULL;
	}
	report = mu_report_read(file, "report");
	fclose(file);
	s->errors += report ? report->errors : 1;
	if (!report || report->nr_targets == 1)
		return report;
	mu_warn("the report of pid %d does not have exactly one target", s->process.pid);
	s->errors++;
	mu_report_free(report);
	return NULL;
}

/**
 * mu_session_is_between_programs() - check whether the command is about to be attached again
 * @s: the session
 * @target: its target
 *
 * Return: true if the command has executed a program and has not reached its entry point yet.
 */
bool mu_session_is_between_programs(const struct mu_session *s, const struct mu_target *target)
{
	return s->command && !strcmp(target->state, "exec") && mu_command_is_followed(s->command);
}

/**
 * mu_session_show() - print one table
 * @s: the session
 *
 * Sets @s->over if there is nothing more to read.
 */
void mu_session_show(struct mu_session *s)
{
	struct mu_report *report;

	if (!s->attached || s->over)
		return;
	mu_symbolizer_hold(s->sym);
	report = mu_session_read(s);
	if (!report) {
		s->over = true;
		return;
	}
	mu_symbolizer_bind(s->sym, &report->targets[0]);
	if (!mu_session_is_between_programs(s, &report->targets[0])) {
		mu_session_report_children(s);
		show_target(s, &report->targets[0]);
		report_state(s, report->targets[0].state);
	}
	mu_report_free(report);
	fflush(stdout);
}

/**
 * mu_session_report_exit() - print that the process has exited, unless the last table did
 * @s: the session
 *
 * The module may notice the exit later than the tool does, so that the state in the last table may
 * still be "tracing".
 */
void mu_session_report_exit(struct mu_session *s)
{
	if (!s->over && s->shown)
		printf("pid %d has exited.\n", s->process.pid);
	fflush(stdout);
	s->over = true;
}
