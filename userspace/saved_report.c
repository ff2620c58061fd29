// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports that were saved to files, and where the files of their objects are searched.
 *
 * Depends on report.c and symbolize.c.
 */
#include "saved_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "msg.h"
#include "text.h"

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

/**
 * mu_saved_report_read() - read a saved report
 * @file: the file, NULL for stdin
 *
 * Return: the report, or NULL, with a message.
 */
struct mu_report *mu_saved_report_read(const char *file)
{
	char *name = mu_escape(file ? file : "stdin");
	FILE *in = open_report(file, name);
	struct mu_report *report = NULL;

	if (in) {
		report = mu_report_read(in, name);
		fclose(in);
	}
	free(name);
	return report;
}

/**
 * mu_saved_report_symbolizer() - create a symbolizer for a saved report
 * @o: the options
 *
 * Return: the symbolizer, to be freed.
 */
struct mu_symbolizer *mu_saved_report_symbolizer(const struct mu_options *o)
{
	const struct mu_search_dirs dirs = {
		.proc = -1,
		.sysroot = o->sysroot,
		.debug_path = o->debug_path,
	};

	return mu_symbolizer_new(&dirs, o->view.lines);
}

/**
 * mu_saved_report_check_options() - check the directory of --sysroot
 * @o: the options
 *
 * Return: false, with a message, if it is not a directory.
 */
bool mu_saved_report_check_options(const struct mu_options *o)
{
	struct stat st;

	if (!o->sysroot || (!stat(o->sysroot, &st) && S_ISDIR(st.st_mode)))
		return true;
	mu_warn("--sysroot: %s is not a directory", o->sysroot);
	return false;
}
