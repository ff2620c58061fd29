// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports: the table of formats, and writing a profile in one of them.
 *
 * A format is a line of the table and a file export_NAME.c, which writes a profile to a stream.
 * docs/export.md has what each format means. Depends on the formats, ignore.c, growth.c and
 * output.c.
 */
#include "export.h"

#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "growth.h"
#include "mem.h"
#include "msg.h"

static const struct mu_export_format formats[] = {
	{ "pprof", mu_export_pprof, true, "profile.proto, gzip: go tool pprof, Pyroscope, Parca" },
	{ "folded", mu_export_folded, false, "a line for each stack: flamegraph.pl, inferno" },
	{ "svg", mu_export_svg, false, "a flame graph, for a browser" },
	{ "html", mu_export_html, false, "a page with a flame graph and a table, for a browser" },
	{ "heaptrack", mu_export_heaptrack, true, "heaptrack_print, heaptrack_gui" },
	{ "json", mu_export_json, false, "all that a report has, for scripts" },
	{ "prometheus", mu_export_prometheus, false, "metrics, for node_exporter's textfiles" },
};

/**
 * mu_export_find() - find a format
 * @name: its name
 *
 * Return: the format, or NULL.
 */
const struct mu_export_format *mu_export_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

/**
 * mu_export_names() - list the names of the formats
 *
 * Return: "pprof, folded, ...", to be freed.
 */
char *mu_export_names(void)
{
	char *list = mu_format("%s", formats[0].name);

	for (size_t i = 1; i < ARRAY_SIZE(formats); i++) {
		char *longer = mu_format("%s, %s", list, formats[i].name);

		free(list);
		list = longer;
	}
	return list;
}

/**
 * mu_export_help() - print the part of the help text that has the formats
 */
void mu_export_help(void)
{
	puts("Formats of export:");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		printf("  %-22s %s\n", formats[i].name, formats[i].purpose);
}

/**
 * mu_export_prepare() - select the stacks of a target, and compare them with former exports
 * @o: the options
 * @target: the target; to be called once
 * @sym: the symbolizer
 * @history: the former exports; gets this one
 */
void mu_export_prepare(const struct mu_options *o, struct mu_target *target,
		       struct mu_symbolizer *sym, struct mu_history *history)
{
	mu_ignore_stacks(&o->view.ignore, target, sym);
	mu_growth_update(history, target);
}

/**
 * mu_export_write() - write a profile
 * @format: the format
 * @profile: the profile
 * @output: where it is written
 *
 * Return: false, with a message, if it was not written.
 */
bool mu_export_write(const struct mu_export_format *format, const struct mu_profile *profile,
		     struct mu_output *output)
{
	FILE *out = mu_output_begin(output);
	int error;

	if (!out)
		return false;
	error = format->write(profile, out);
	if (error)
		mu_warn("%s: %s", format->name, strerror(-error));
	return mu_output_end(output, !error) && !error;
}
