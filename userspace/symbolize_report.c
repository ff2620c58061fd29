// SPDX-License-Identifier: GPL-2.0-only
/*
 * memleak-user symbolize: names for a saved report.
 *
 * Prints the same tables as for a live process, with files that are found by path and build-id.
 * Depends on report.c, symbolize.c, print.c and total.c.
 */
#include "symbolize_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "msg.h"
#include "report.h"
#include "symbolize.h"
#include "text.h"
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
	const struct mu_search_dirs dirs = {
		.proc = -1,
		.sysroot = o->sysroot,
		.debug_path = o->debug_path,
	};
	struct mu_symbolizer *sym = mu_symbolizer_new(&dirs, o->view.lines);
	size_t errors;

	show_targets(o, report, sym);
	errors = report->errors + mu_symbolizer_errors(sym);
	mu_symbolizer_free(sym);
	if (!report->nr_targets && report->errors)
		return MU_NOTHING;
	return errors ? MU_PARTLY : MU_SHOWN;
}

/* Refuses a directory, which would read as an empty file. */
static FILE *open_report(const char *file, const char *name)
{
	FILE *in = file ? fopen(file, "re") : stdin;
	struct stat st;

	if (!in) {
		mu_warn("%s: %s", name, strerror(errno));
		return NULL;
	}
	if (!fstat(fileno(in), &st) && S_ISDIR(st.st_mode)) {
		mu_warn("%s: %s", name, strerror(EISDIR));
		fclose(in);
		return NULL;
	}
	return in;
}

static int read_and_show(const struct mu_options *o, const char *name)
{
	FILE *in = open_report(o->file, name);
	struct mu_report *report;
	int status = MU_NOTHING;

	if (!in)
		return status;
	report = mu_report_read(in, name);
	fclose(in);
	if (report)
		status = show_with_names(o, report);
	mu_report_free(report);
	return status;
}

static bool check_sysroot(const char *sysroot)
{
	struct stat st;

	if (!sysroot || (!stat(sysroot, &st) && S_ISDIR(st.st_mode)))
		return true;
	mu_warn("--sysroot: %s is not a directory", sysroot);
	return false;
}

/**
 * mu_symbolize_report() - print a saved report with names
 * @o: the options
 *
 * Return: the exit status.
 */
int mu_symbolize_report(const struct mu_options *o)
{
	char *name;
	int status;

	if (!check_sysroot(o->sysroot))
		return MU_NOTHING;
	name = mu_escape(o->file ? o->file : "stdin");
	status = read_and_show(o, name);
	free(name);
	return status;
}
