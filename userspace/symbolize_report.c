// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak-user symbolize: names for a saved report.
 *
 * Prints the same tables as for a live process, with files that are found by path and build-id.
 * Depends on saved_report.c, print.c and total.c.
 */
#include "symbolize_report.h"

#include "msg.h"
#include "report.h"
#include "saved_report.h"
#include "symbolize.h"
#include "total.h"

static void show_targets(const struct mu_options *o, struct mu_report *report,
			 struct mu_symbolizer *sym)
{
	const struct mu_total total = { .view = &o->view };

	for (size_t i = 0; i < report->nr_targets; i++) {
		struct mu_since attach = {};
		struct mu_history none = {};

		mu_print_select(&o->view, &report->targets[i], sym, &none);
		mu_print_prepare(&o->view, &report->targets[i], sym);
		mu_print_target(&report->targets[i]);
		mu_print_stacks(&o->view, &report->targets[i], sym);
		mu_print_total(&total, &report->targets[i], &attach);
		mu_history_free(&none);
	}
}

static int show_with_names(const struct mu_options *o, struct mu_report *report)
{
	struct mu_symbolizer *sym = mu_saved_report_symbolizer(o);
	size_t errors;

	show_targets(o, report, sym);
	errors = report->errors + mu_symbolizer_errors(sym);
	mu_symbolizer_free(sym);
	if (!report->nr_targets && report->errors)
		return MU_NOTHING;
	return errors ? MU_PARTLY : MU_SHOWN;
}

/**
 * mu_symbolize_report() - print a saved report with names
 * @o: the options
 *
 * Return: the exit status.
 */
int mu_symbolize_report(const struct mu_options *o)
{
	struct mu_report *report;
	int status = MU_NOTHING;

	if (!mu_saved_report_check_options(o))
		return status;
	report = mu_saved_report_read(o->file);
	if (report)
		status = show_with_names(o, report);
	mu_report_free(report);
	return status;
}
