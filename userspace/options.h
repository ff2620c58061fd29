/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_OPTIONS_H
#define MU_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "pids.h"
#include "print.h"

struct mu_export_format;

/**
 * enum mu_mode - what the tool does
 * @MU_TRACE: trace processes
 * @MU_SYMBOLIZE: symbolize a saved report
 * @MU_DIFF: compare two saved reports
 * @MU_SUM: sum up saved reports
 * @MU_TOP: show which processes grow
 * @MU_LEAKS: search processes for references to their blocks
 * @MU_EXPORT: write a saved report in a format of other programs
 * @MU_EXPORT_LIVE: trace processes, and write what they have in a format of other programs
 * @MU_HELP: print the help text
 * @MU_VERSION_ONLY: print the version
 */
enum mu_mode {
	MU_TRACE,
	MU_SYMBOLIZE,
	MU_DIFF,
	MU_SUM,
	MU_TOP,
	MU_LEAKS,
	MU_EXPORT,
	MU_EXPORT_LIVE,
	MU_HELP,
	MU_VERSION_ONLY,
};

/**
 * struct mu_options - the parsed command line
 * @mode: what to do
 * @pids: of -p
 * @names: of -n
 * @nr_names: number of @names
 * @names_capacity: allocated elements of @names
 * @children: --children
 * @all: --all
 * @path: with @all, the absolute path of -O
 * @sum: --sum
 * @each: --each
 * @several: there may be several processes
 * @is_sum: there is one table for all processes
 * @command: of -c, or NULL
 * @show_allocations: -a
 * @combined: --combined-only
 * @filter: -o, -z and -Z
 * @object: of -O, or NULL
 * @prefix: of --symbols-prefix, or NULL
 * @pairs: each --pair as a key of attach, separated by spaces, or NULL
 * @module: of --module, or NULL
 * @sample: of --sample; 0: every block is recorded
 * @every: of -s; 0 or 1: every block is recorded
 * @exits: of --exits, or NULL
 * @depth: of --depth; 0: the module's default
 * @interval_ms: INTERVAL
 * @count: COUNT; 0: no limit
 * @freeze_ms: of --freeze; 0: no freeze
 * @max_stop_ms: of --max-stop
 * @exact: --exact
 * @why: address of --why, or 0
 * @view: how tables are printed; of top, a limit of 0 is what fits
 * @by_cgroup: -g
 * @format: FORMAT of an export
 * @output: of --output or --prometheus, NULL: stdout
 * @is_textfile: --prometheus: @output is kept fresh for a collector
 * @sysroot: of --sysroot, or NULL
 * @debug_path: of --debug-path, or NULL: absolute directories separated by colons
 * @old_file: the report to compare @file with; NULL: stdin
 * @file: the report to symbolize or to export; NULL: stdin
 * @files: the reports to sum up, ended by NULL
 */
struct mu_options {
	enum mu_mode mode;
	struct mu_pids pids;
	const char **names;
	size_t nr_names;
	size_t names_capacity;
	bool children;
	bool all;
	char *path;
	bool sum;
	bool each;
	bool several;
	bool is_sum;
	const char *command;
	bool show_allocations;
	bool combined;
	struct mu_filter filter;
	const char *object;
	const char *prefix;
	char *pairs;
	const char *module;
	uint64_t sample;
	uint64_t every;
	const char *exits;
	uint64_t depth;
	uint64_t interval_ms;
	uint64_t count;
	uint64_t freeze_ms;
	uint64_t max_stop_ms;
	bool exact;
	uint64_t why;
	struct mu_view view;
	bool by_cgroup;
	const struct mu_export_format *format;
	const char *output;
	bool is_textfile;
	const char *sysroot;
	char *debug_path;
	const char *old_file;
	const char *file;
	char **files;
};

int mu_options_read(struct mu_options *o, int argc, char **argv);
void mu_options_free(struct mu_options *o);

void mu_help(void);

#endif
