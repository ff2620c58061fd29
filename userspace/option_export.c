// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line of export: FORMAT, and whether it is of processes or of a saved report, which
 * only the options tell. --prometheus is an export of processes that goes on.
 *
 * Depends on option_table.c, export.c and msg.c.
 */
#include "option_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export.h"
#include "mem.h"
#include "msg.h"
#include "option_table.h"

#define TEXTFILE_SUFFIX ".prom"

/**
 * mu_seen_options_add() - remember an option
 * @seen: the options
 * @option: the option
 */
void mu_seen_options_add(struct mu_seen_options *seen, int option)
{
	seen->option = mu_grow(seen->option, seen->nr, &seen->capacity, sizeof(option));
	seen->option[seen->nr++] = option;
}

static int refuse_format(const char *word)
{
	char *names = mu_export_names();
	int status;

	if (word)
		status = mu_usage_error("export: unknown format \"%s\": must be one of %s", word,
					names);
	else
		status = mu_usage_error("export: missing FORMAT: must be one of %s", names);
	free(names);
	return status;
}

static int check_seen(const struct mu_options *o, const struct mu_seen_options *seen)
{
	for (size_t i = 0; i < seen->nr; i++) {
		const char *name = mu_option_name_of(seen->option[i]);

		if (mu_option_is_of_mode(seen->option[i], o->mode))
			continue;
		if (o->mode == MU_EXPORT)
			return mu_usage_error("export of a saved report has no option %s: "
					      "which process? (-p PID)",
					      name);
		return mu_usage_error("export of a process has no option %s", name);
	}
	return 0;
}

/**
 * mu_option_export() - take FORMAT, and find out what is exported
 * @o: the options; gets the format and the mode
 * @seen: all options of the command line
 * @words: the arguments; without FORMAT then
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_export(struct mu_options *o, const struct mu_seen_options *seen, char ***words)
{
	const char *word = **words;

	o->format = word ? mu_export_find(word) : NULL;
	if (!o->format)
		return refuse_format(word);
	if (o->format->is_binary && !o->output && isatty(STDOUT_FILENO))
		return mu_usage_error("%s is binary and not for a terminal: use --output FILE",
				      o->format->name);
	++*words;
	if (o->pids.nr || o->nr_names || o->command || o->all)
		o->mode = MU_EXPORT_LIVE;
	return check_seen(o, seen);
}

static bool is_textfile_name(const char *path)
{
	size_t length = strlen(path);

	return length > strlen(TEXTFILE_SUFFIX) &&
	       !strcmp(path + length - strlen(TEXTFILE_SUFFIX), TEXTFILE_SUFFIX);
}

/**
 * mu_option_prometheus() - make an export of processes of --prometheus
 * @o: the options; gets the format and the mode
 * @seen: all options of the command line
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_prometheus(struct mu_options *o, const struct mu_seen_options *seen)
{
	for (size_t i = 0; i < seen->nr; i++)
		if (seen->option[i] != OPT_PROMETHEUS &&
		    !mu_option_is_of_mode(seen->option[i], MU_EXPORT_LIVE))
			return mu_usage_error("--prometheus has no tables: %s has no meaning",
					      mu_option_name_of(seen->option[i]));
	if (!is_textfile_name(o->output))
		return mu_usage_error("--prometheus: \"%s\" does not end in " TEXTFILE_SUFFIX
				      ", and node_exporter reads no other files",
				      o->output);
	if (o->freeze_ms)
		return mu_usage_error("--prometheus and --freeze are mutually exclusive");
	o->format = mu_export_find("prometheus");
	o->mode = MU_EXPORT_LIVE;
	return 0;
}

/**
 * mu_options_check_export() - check the options of an export of processes
 * @o: the options, after all other checks
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_options_check_export(struct mu_options *o)
{
	if (!o->count && !o->is_textfile)
		o->count = 1;
	if (o->output)
		return 0;
	if (o->command)
		return mu_usage_error("-c needs --output FILE: stdout is that of the command, too");
	if (o->count > 1)
		return mu_usage_error("COUNT %" PRIu64 " needs --output FILE, which is replaced "
				      "each time",
				      o->count);
	return 0;
}
