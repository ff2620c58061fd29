// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak-user diff: what has changed between two saved reports.
 *
 * Depends on saved_report.c, ignore.c and group.c to prepare each report, on diff_rows.c to compare
 * them, and on print.c.
 */
#include "diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "diff_rows.h"
#include "msg.h"
#include "saved_report.h"
#include "text.h"
#include "top_format.h"

struct saved {
	const char *side;
	const char *file;
	struct mu_report *report;
	struct mu_symbolizer *sym;
	struct mu_amount total;
	struct mu_amount left_out;
	size_t nr_left_out;
	uint64_t lost;
};

struct diff {
	struct mu_view view;
	struct saved saved[MU_SIDES];
	struct mu_diff_rows rows;
};

static void prepare_target(const struct mu_options *o, struct saved *saved, struct mu_target *t)
{
	mu_ignore_stacks(&o->view.ignore, t, saved->sym);
	mu_group_stacks(t, o->view.group, saved->sym);
	mu_amount_add(&saved->total, (struct mu_amount){ .bytes = t->bytes, .count = t->count });
	mu_amount_add(&saved->left_out, t->left_out.amount);
	saved->nr_left_out += t->left_out.nr;
	saved->lost += t->lost;
}

static bool read_saved(const struct mu_options *o, struct saved *saved)
{
	struct mu_report *report = mu_saved_report_read(saved->file);

	if (!report)
		return false;
	saved->report = report;
	saved->sym = mu_saved_report_symbolizer(o);
	for (size_t i = 0; i < report->nr_targets; i++)
		prepare_target(o, saved, &report->targets[i]);
	return report->nr_targets || !report->errors;
}

static void print_processes(const struct mu_report *report)
{
	const struct mu_target *t = report->targets;
	char time[MU_TOP_TEXT_MAX];

	if (report->nr_targets != 1) {
		printf("%zu processes", report->nr_targets);
		return;
	}
	mu_top_format_time(time, t->ms);
	printf("pid %" PRIu64 " %s after %s", t->pid, t->comm, time);
}

static void print_saved(const struct saved *saved)
{
	char *name = mu_escape(saved->file ? saved->file : "stdin");

	printf("%s %s: %" PRIu64 " bytes in %" PRIu64 " allocations, ", saved->side, name,
	       saved->total.bytes, saved->total.count);
	print_processes(saved->report);
	putchar('\n');
	free(name);
}

static const char *fate_name(enum mu_fate fate)
{
	static const char *const names[] = {
		[MU_IS_NEW] = "new",   [MU_HAS_GROWN] = "grown",     [MU_HAS_SHRUNK] = "shrunk",
		[MU_IS_GONE] = "gone", [MU_UNCHANGED] = "unchanged",
	};

	return names[fate];
}

/* The words of memleak's tables, with what the new report has. */
static void print_row(struct diff *d, const struct mu_diff_row *row)
{
	enum mu_side side = row->is_in[MU_NEW] ? MU_NEW : MU_OLD;
	char text[MU_CHANGE_MAX];

	mu_format_change(text, &row->change);
	printf("\t%" PRIu64 " bytes in %" PRIu64 " allocations from stack (%s, %s)\n",
	       row->change.to.bytes, row->change.to.count, text, fate_name(mu_diff_row_fate(row)));
	if (row->is_estimate)
		printf("\t  standard error of the change %" PRIu64 " in %" PRIu64 "\n",
		       row->error.bytes, row->error.count);
	mu_print_frames(&d->view, row->target, row->stack, d->saved[side].sym);
}

/* Return: the number of rows that were printed. */
static size_t print_rows(struct diff *d)
{
	size_t changed = d->rows.nr - d->rows.by_fate[MU_UNCHANGED];
	size_t skip = changed > d->view.top ? changed - d->view.top : 0;

	for (size_t i = 0; i < d->rows.nr; i++) {
		if (mu_diff_row_fate(&d->rows.rows[i]) == MU_UNCHANGED)
			continue;
		if (skip)
			skip--;
		else
			print_row(d, &d->rows.rows[i]);
	}
	return changed > d->view.top ? d->view.top : changed;
}

static void print_left_out(const struct saved *saved)
{
	if (saved->nr_left_out)
		printf("\tleft out (--ignore) of %s: %" PRIu64 " bytes in %" PRIu64
		       " allocations from %zu stack%s\n",
		       saved->side, saved->left_out.bytes, saved->left_out.count,
		       saved->nr_left_out, saved->nr_left_out == 1 ? "" : "s");
	if (saved->lost)
		printf("\t%" PRIu64 " allocations were lost in %s\n", saved->lost, saved->side);
}

/* The totals are those of the targets, with what is left out. */
static void print_end(const struct diff *d, size_t shown)
{
	struct mu_change change = { d->saved[MU_OLD].total, d->saved[MU_NEW].total };
	const size_t *nr = d->rows.by_fate;
	char text[MU_CHANGE_MAX];

	for (int side = 0; side < MU_SIDES; side++)
		print_left_out(&d->saved[side]);
	mu_format_change(text, &change);
	printf("\ttotal: %s, %zu of %zu changed stacks shown: %zu new, %zu grown, %zu shrunk, "
	       "%zu gone, %zu unchanged\n",
	       text, shown, d->rows.nr - nr[MU_UNCHANGED], nr[MU_IS_NEW], nr[MU_HAS_GROWN],
	       nr[MU_HAS_SHRUNK], nr[MU_IS_GONE], nr[MU_UNCHANGED]);
}

static int show_diff(struct diff *d)
{
	size_t errors = 0, shown;

	for (int side = 0; side < MU_SIDES; side++)
		mu_diff_rows_add(&d->rows, side, d->saved[side].report);
	mu_diff_rows_finish(&d->rows);
	for (int side = 0; side < MU_SIDES; side++)
		print_saved(&d->saved[side]);
	shown = print_rows(d);
	print_end(d, shown);
	for (int side = 0; side < MU_SIDES; side++)
		errors += d->saved[side].report->errors + mu_symbolizer_errors(d->saved[side].sym);
	return errors ? MU_PARTLY : MU_SHOWN;
}

static void free_saved(struct saved *saved)
{
	if (saved->sym)
		mu_symbolizer_free(saved->sym);
	mu_report_free(saved->report);
}

/**
 * mu_diff() - print what has changed between two saved reports
 * @o: the options
 *
 * Return: the exit status.
 */
int mu_diff(const struct mu_options *o)
{
	struct diff d = {
		.view = o->view,
		.saved = { { .side = "old", .file = o->old_file },
			   { .side = "new", .file = o->file } },
	};
	int status = MU_NOTHING;

	d.view.bare = true; /* addresses of two processes have nothing in common */
	if (mu_saved_report_check_options(o) && read_saved(o, &d.saved[MU_OLD]) &&
	    read_saved(o, &d.saved[MU_NEW]))
		status = show_diff(&d);
	free(d.rows.rows);
	free_saved(&d.saved[MU_OLD]);
	free_saved(&d.saved[MU_NEW]);
	return status;
}
