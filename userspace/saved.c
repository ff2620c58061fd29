// SPDX-License-Identifier: GPL-2.0-only
/* Saved reports: the same tables, with files found by path and build-id and not by process. */
#include "saved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "msg.h"
#include "report.h"
#include "symbolize.h"
#include "total.h"
#include "words.h"

static void show(const struct mlu_options *o, struct mlu_report *report, struct mlu_symbolizer *sym)
{
	const struct mlu_total total = { .view = &o->view };

	for (size_t i = 0; i < report->nr_targets; i++) {
		struct mlu_since attach = {};

		mlu_print_prepare(&o->view, &report->targets[i], sym);
		mlu_print_target(&report->targets[i]);
		mlu_print_stacks(&o->view, &report->targets[i], sym);
		mlu_print_total(&total, &report->targets[i], &attach);
	}
}

static int show_with_names(const struct mlu_options *o, struct mlu_report *report)
{
	const struct mlu_places places = {
		.proc = -1,
		.sysroot = o->sysroot,
		.debug_path = o->debug_path,
	};
	struct mlu_symbolizer *sym = mlu_symbolizer_new(&places, o->view.lines);
	size_t errors;

	show(o, report, sym);
	errors = report->errors + mlu_symbolizer_errors(sym);
	mlu_symbolizer_free(sym);
	if (!report->nr_targets && report->errors)
		return MLU_NOTHING;
	return errors ? MLU_PARTLY : MLU_SHOWN;
}

/* A directory opens as well as a file, and reads as an empty one. */
static FILE *open_saved(const char *file, const char *name)
{
	FILE *in = file ? fopen(file, "re") : stdin;
	struct stat st;

	if (!in) {
		mlu_warn("%s: %s", name, strerror(errno));
		return NULL;
	}
	if (!fstat(fileno(in), &st) && S_ISDIR(st.st_mode)) {
		mlu_warn("%s: %s", name, strerror(EISDIR));
		fclose(in);
		return NULL;
	}
	return in;
}

static int read_and_show(const struct mlu_options *o, const char *name)
{
	FILE *in = open_saved(o->file, name);
	struct mlu_report *report;
	int status = MLU_NOTHING;

	if (!in)
		return status;
	report = mlu_report_read(in, name);
	fclose(in);
	if (report)
		status = show_with_names(o, report);
	mlu_report_free(report);
	return status;
}

static bool sysroot_is_there(const char *sysroot)
{
	struct stat st;

	if (!sysroot || (!stat(sysroot, &st) && S_ISDIR(st.st_mode)))
		return true;
	mlu_warn("--sysroot: %s is no directory", sysroot);
	return false;
}

int mlu_saved(const struct mlu_options *o)
{
	char *name;
	int status;

	if (!sysroot_is_there(o->sysroot))
		return MLU_NOTHING;
	name = mlu_escaped(o->file ? o->file : "stdin");
	status = read_and_show(o, name);
	free(name);
	return status;
}
