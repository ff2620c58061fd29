// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak-user sum: one table of all targets of saved reports.
 *
 * Depends on saved_report.c, sum.c, print.c and total.c.
 */
#include "sum_reports.h"

#include <stdlib.h>

#include "mem.h"
#include "msg.h"
#include "option_values.h"
#include "saved_report.h"
#include "sum.h"
#include "total.h"

struct reports {
	struct mu_report **report;
	size_t nr, capacity;
	size_t nr_targets;
	size_t errors;
	size_t missing; /* files that are no reports */
};

/* Ids are unique in one report only. */
static void add_report(struct reports *all, struct mu_report *report)
{
	if (!report) {
		all->missing++;
		return;
	}
	for (size_t i = 0; i < report->nr_targets; i++)
		report->targets[i].id = ++all->nr_targets;
	all->errors += report->errors;
	all->report = mu_grow(all->report, all->nr, &all->capacity, sizeof(report));
	all->report[all->nr++] = report;
}

static void read_reports(struct reports *all, char *const *files)
{
	if (!*files)
		add_report(all, mu_saved_report_read(NULL));
	for (; *files; files++)
		add_report(all, mu_saved_report_read(mu_option_is_stdin(*files) ? NULL : *files));
}

static struct mu_target sum_up(const struct reports *all)
{
	const struct mu_target **targets = mu_zalloc((all->nr_targets + 1) * sizeof(*targets));
	struct mu_sum *sum = mu_sum_new();
	struct mu_target result;
	size_t nr = 0;

	for (size_t i = 0; i < all->nr; i++)
		for (size_t j = 0; j < all->report[i]->nr_targets; j++)
			targets[nr++] = &all->report[i]->targets[j];
	mu_sum_targets(sum, targets, nr, &result);
	mu_sum_free(sum);
	free(targets);
	return result;
}

static void show_sum(const struct mu_options *o, struct mu_target *sum, struct mu_symbolizer *sym)
{
	const struct mu_total total = { .view = &o->view };
	struct mu_since attach = {};
	struct mu_history none = {};

	mu_print_select(&o->view, sum, sym, &none);
	mu_print_prepare(&o->view, sum, sym);
	mu_print_target(sum);
	mu_print_stacks(&o->view, sum, sym);
	mu_print_total(&total, sum, &attach);
	mu_history_free(&none);
}

static int show_with_names(const struct mu_options *o, const struct reports *all)
{
	struct mu_symbolizer *sym = mu_saved_report_symbolizer(o);
	struct mu_target sum = sum_up(all);
	size_t errors;

	show_sum(o, &sum, sym);
	errors = all->errors + all->missing + mu_symbolizer_errors(sym);
	mu_target_free(&sum);
	mu_symbolizer_free(sym);
	return errors ? MU_PARTLY : MU_SHOWN;
}

/**
 * mu_sum_reports() - print the sum of saved reports with names
 * @o: the options
 *
 * Return: the exit status.
 */
int mu_sum_reports(const struct mu_options *o)
{
	struct reports all = {};
	int status = MU_NOTHING;

	if (!mu_saved_report_check_options(o))
		return status;
	read_reports(&all, o->files);
	if (all.nr_targets || (all.nr && !all.errors))
		status = show_with_names(o, &all);
	for (size_t i = 0; i < all.nr; i++)
		mu_report_free(all.report[i]);
	free(all.report);
	return status;
}
