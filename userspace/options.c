// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsing the command line.
 *
 * Option letters have the meaning that they have in bcc's memleak. Anything unclear is refused
 * before the tool does anything. Depends on option_table.c, option_values.c, option_processes.c,
 * option_export.c, pids.c, quantity.c and msg.c.
 */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "option_export.h"
#include "option_table.h"
#include "option_processes.h"
#include "option_values.h"
#include "quantity.h"
#include "text.h"

#define DEFAULT_OLDER_MS 500
#define OLDER_UNSET UINT64_MAX
#define DEFAULT_INTERVAL_MS 5000
#define DEFAULT_TOP 10
#define MIN_INTERVAL_MS 100
#define MAX_DEPTH 128
#define DEFAULT_MAX_STOP_MS 200

static int take_interval(struct mu_options *o, const char *text)
{
	bool is_time = mu_parse_time(text, MU_SECOND_MS, &o->interval_ms);
	enum mu_mode mode;
	int status = is_time ? mu_pids_check_interval(&o->pids, text, o->interval_ms) : 0;

	if (status)
		return status;
	if (is_time && o->interval_ms >= MIN_INTERVAL_MS && o->interval_ms <= MU_DAY_MS)
		return 0;
	if (mu_option_find_mode(text, &mode))
		return mu_usage_error("\"%s\" must be the first word: memleak-user %s ...", text,
				      text);
	return mu_usage_error("INTERVAL: invalid time \"%s\": must be from %d ms to one day, in "
			      "seconds or with suffix ms or m",
			      text, MIN_INTERVAL_MS);
}

static int refuse_option(int option, char **argv)
{
	const char *word = argv[optind - 1];

	if (option == ':' && optopt == 'p')
		return mu_usage_error("%s: missing PID (did pgrep find nothing?)", word);
	if (option == ':')
		return mu_usage_error("%s: missing argument", word);
	if (optopt && optopt < 256 && strncmp(word, "--", 2))
		return mu_usage_error("unknown option -%c", optopt);
	return mu_usage_error("unknown option %s", word);
}

static int take_option(struct mu_options *o, int option, char **argv)
{
	switch (option) {
	case 'p':
		return mu_pids_add(&o->pids, optarg, optarg == argv[optind - 1]);
	case 'n':
		return mu_option_name(o, optarg);
	case OPT_CHILDREN:
		o->children = true;
		return 0;
	case OPT_ALL:
		o->all = true;
		return 0;
	case OPT_SUM:
		o->sum = true;
		return 0;
	case OPT_EACH:
		o->each = true;
		return 0;
	case 'c':
		o->command = optarg;
		return 0;
	case 'a':
		o->show_allocations = true;
		return 0;
	case 'l':
		o->view.lines = true;
		return 0;
	case 'o':
		return mu_option_older(o, optarg);
	case 'T':
		return mu_option_number("-T", optarg, 1, UINT32_MAX, &o->view.top);
	case 'g':
		o->by_cgroup = true;
		return 0;
	case 'z':
		return mu_option_size("-z", optarg, &o->filter.min);
	case 'Z':
		return mu_option_size("-Z", optarg, &o->filter.max);
	case 'O':
		o->object = optarg;
		return 0;
	case OPT_SYMBOLS_PREFIX:
		return mu_option_prefix(o, optarg);
	case OPT_PAIR:
		return mu_option_pair(o, optarg);
	case 's':
		return mu_option_number("-s", optarg, 1, UINT32_MAX, &o->every);
	case OPT_SAMPLE:
		return mu_option_sample(o, optarg);
	case OPT_EXITS:
		return mu_option_exits(o, optarg);
	case OPT_FREEZE:
		return mu_option_freeze(o, optarg);
	case OPT_COMBINED:
		o->combined = true;
		return 0;
	case OPT_DEPTH:
		return mu_option_number("--depth", optarg, 1, MAX_DEPTH, &o->depth);
	case OPT_SORT:
		return mu_option_sort(o, optarg);
	case OPT_GROUP:
		return mu_option_group(&o->view, optarg);
	case OPT_IGNORE:
		return mu_ignore_add(&o->view.ignore, optarg);
	case OPT_IGNORE_FILE:
		return mu_ignore_add_file(&o->view.ignore, optarg);
	case OPT_MODULE:
		o->module = optarg;
		return 0;
	case OPT_OUTPUT:
		o->output = optarg;
		return 0;
	case OPT_PROMETHEUS:
		o->output = optarg;
		o->is_textfile = true;
		return 0;
	case OPT_SYSROOT:
		o->sysroot = optarg;
		return 0;
	case OPT_DEBUG_PATH:
		return mu_option_debug_path(o, optarg);
	case OPT_MAX_STOP:
		return mu_option_number("--max-stop", optarg, 1, MU_DAY_MS, &o->max_stop_ms);
	case OPT_EXACT:
		o->exact = true;
		return 0;
	case OPT_WHY:
		return mu_option_why(o, optarg);
	case 'h':
	case OPT_HELP:
		o->mode = MU_HELP;
		return 0;
	case OPT_VERSION:
		o->mode = MU_VERSION_ONLY;
		return 0;
	}
	return refuse_option(option, argv);
}

static int check_trace(struct mu_options *o)
{
	int status = mu_options_check_processes(o);

	if (status)
		return status;
	if (o->filter.min > o->filter.max)
		return mu_usage_error("-z is larger than -Z: nothing would be recorded");
	if (o->sample && o->every)
		return mu_usage_error("-s and --sample are mutually exclusive");
	if (o->combined && o->show_allocations)
		return mu_usage_error("-a and --combined-only are mutually exclusive");
	status = mu_options_check_freeze(o);
	if (!status && o->mode == MU_EXPORT_LIVE)
		status = mu_options_check_export(o);
	return status ? status : mu_options_expand_names(o);
}

static int refuse_argument(const struct mu_options *o, const char *word)
{
	if (!o->pids.nr)
		return mu_usage_error("unexpected argument \"%s\"", word);
	return mu_usage_error("unexpected argument \"%s\": -p takes one word, use -p %d,... for "
			      "several PIDs",
			      word, o->pids.pid[0]);
}

/* Take [INTERVAL [COUNT]]. */
static int take_interval_and_count(struct mu_options *o, char **words)
{
	int status = 0;

	if (words[0] && words[1] && words[2])
		return refuse_argument(o, words[2]);
	if (words[0])
		status = take_interval(o, words[0]);
	if (!status && words[0] && words[1])
		status = mu_option_number("COUNT", words[1], 1, UINT64_MAX, &o->count);
	return status;
}

static int take_arguments(struct mu_options *o, const struct mu_seen_options *seen, char **words)
{
	int status = 0;

	if (o->mode == MU_EXPORT)
		status = mu_option_export(o, seen, &words);
	else if (o->is_textfile)
		status = mu_option_prometheus(o, seen);
	if (status)
		return status;
	if (o->mode == MU_SYMBOLIZE || o->mode == MU_EXPORT)
		return mu_option_file(o, words);
	if (o->mode == MU_DIFF)
		return mu_option_two_files(o, words);
	if (o->mode == MU_SUM)
		return mu_option_files(o, words);
	status = take_interval_and_count(o, words);
	return status || o->mode == MU_TOP ? status : check_trace(o);
}

static void set_defaults(struct mu_options *o, enum mu_mode mode)
{
	*o = (struct mu_options){
		.mode = mode,
		.filter = { .max = UINT64_MAX, .older = OLDER_UNSET },
		.interval_ms = DEFAULT_INTERVAL_MS,
		.view.top = DEFAULT_TOP,
		.max_stop_ms = DEFAULT_MAX_STOP_MS,
	};
	if (mode == MU_DIFF)
		o->view.group = MU_GROUP_FUNCTION;
	if (mode == MU_SYMBOLIZE || mode == MU_DIFF || mode == MU_SUM || mode == MU_EXPORT)
		o->view.top = UINT64_MAX;
	else if (mode == MU_TOP)
		o->view.top = 0;
	else if (mode == MU_LEAKS)
		o->count = 1;
}

static void set_dependent_defaults(struct mu_options *o)
{
	if (o->filter.older == OLDER_UNSET) /* after a freeze, no block is too young to be shown */
		o->filter.older = o->freeze_ms ? 0 : DEFAULT_OLDER_MS;
	if (o->combined) { /* memleak's table of totals has neither ages nor addresses */
		o->filter.older = 0;
		o->view.bare = true;
	}
}

static bool has_option(enum mu_mode mode, int option)
{
	return mu_option_is_of_mode(option, mode) ||
	       (mode == MU_EXPORT && mu_option_is_of_mode(option, MU_EXPORT_LIVE));
}

/* Ends early, with another mode, at --help or --version. */
static int take_options(struct mu_options *o, struct mu_seen_options *seen, int argc, char **argv)
{
	enum mu_mode mode = o->mode;
	int option, status = 0;

	opterr = 0;
	optind = 1;
	while (!status && o->mode == mode &&
	       (option = getopt_long(argc, argv, MU_OPTION_LETTERS, mu_long_options, NULL)) != -1) {
		if (!has_option(mode, option))
			status = mu_option_refuse_mode(mode, option);
		else
			status = take_option(o, option, argv);
		mu_seen_options_add(seen, option);
	}
	return status;
}

/**
 * mu_options_read() - parse the command line
 * @o: set to the options, to be freed with mu_options_free()
 * @argc: of main()
 * @argv: of main()
 *
 * Options may precede and follow the arguments, as in memleak.
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_options_read(struct mu_options *o, int argc, char **argv)
{
	struct mu_seen_options seen = {};
	enum mu_mode mode;
	bool has_word = mu_option_find_mode(argc > 1 ? argv[1] : NULL, &mode);
	int status;

	set_defaults(o, mode);
	if (has_word) {
		argc--;
		argv++;
	}
	status = take_options(o, &seen, argc, argv);
	if (!status && o->mode == mode) {
		set_dependent_defaults(o);
		status = take_arguments(o, &seen, argv + optind);
	}
	free(seen.option);
	return status;
}

/**
 * mu_options_free() - free the options
 * @o: the options
 */
void mu_options_free(struct mu_options *o)
{
	mu_pids_free(&o->pids);
	free(o->names);
	free(o->path);
	mu_ignore_free(&o->view.ignore);
	free(o->pairs);
	free(o->debug_path);
}
