// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of options and of modes: which words there are, and which options a mode has.
 *
 * Depends on msg.c.
 */
#include "option_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "mem.h"
#include "msg.h"

const struct option mu_long_options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "name", required_argument, NULL, 'n' },
	{ "children", no_argument, NULL, OPT_CHILDREN },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "command", required_argument, NULL, 'c' },
	{ "sum", no_argument, NULL, OPT_SUM },
	{ "each", no_argument, NULL, OPT_EACH },
	{ "show-allocs", no_argument, NULL, 'a' },
	{ "lines", no_argument, NULL, 'l' },
	{ "older", required_argument, NULL, 'o' },
	{ "top", required_argument, NULL, 'T' },
	{ "by-cgroup", no_argument, NULL, 'g' },
	{ "min-size", required_argument, NULL, 'z' },
	{ "max-size", required_argument, NULL, 'Z' },
	{ "obj", required_argument, NULL, 'O' },
	{ "symbols-prefix", required_argument, NULL, OPT_SYMBOLS_PREFIX },
	{ "pair", required_argument, NULL, OPT_PAIR },
	{ "sample-rate", required_argument, NULL, 's' },
	{ "sample", required_argument, NULL, OPT_SAMPLE },
	{ "exits", required_argument, NULL, OPT_EXITS },
	{ "freeze", required_argument, NULL, OPT_FREEZE },
	{ "combined-only", no_argument, NULL, OPT_COMBINED },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "sort", required_argument, NULL, OPT_SORT },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "ignore", required_argument, NULL, OPT_IGNORE },
	{ "ignore-file", required_argument, NULL, OPT_IGNORE_FILE },
	{ "module", required_argument, NULL, OPT_MODULE },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "prometheus", required_argument, NULL, OPT_PROMETHEUS },
	{ "sysroot", required_argument, NULL, OPT_SYSROOT },
	{ "debug-path", required_argument, NULL, OPT_DEBUG_PATH },
	{ "max-stop", required_argument, NULL, OPT_MAX_STOP },
	{ "exact", no_argument, NULL, OPT_EXACT },
	{ "why", required_argument, NULL, OPT_WHY },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

#define TRACE (1u << MU_TRACE)
#define SYMBOLIZE (1u << MU_SYMBOLIZE)
#define DIFF (1u << MU_DIFF)
#define SUM (1u << MU_SUM)
#define SAVED (SYMBOLIZE | DIFF | SUM)
#define TOP (1u << MU_TOP)
#define LEAKS (1u << MU_LEAKS)
#define EXPORT (1u << MU_EXPORT)
#define LIVE (1u << MU_EXPORT_LIVE)
#define ALL (TRACE | SAVED | TOP | LEAKS | EXPORT | LIVE)

/* The first word of a command line that does not trace, and its mode; see also option_export.c. */
static const struct subcommand {
	const char *word;
	enum mu_mode mode;
} subcommands[] = {
	{ "symbolize", MU_SYMBOLIZE },
	{ "diff", MU_DIFF },
	{ "sum", MU_SUM },
	{ "top", MU_TOP },
	{ "leaks", MU_LEAKS },
	{ "export", MU_EXPORT },
};

/* The modes of the options that do not belong to all modes which trace. */
static const struct option_modes {
	int option;
	unsigned int modes;
} option_modes[] = {
	{ 'a', TRACE },
	{ OPT_SUM, TRACE | LEAKS },
	{ OPT_EACH, TRACE | LEAKS },
	{ OPT_COMBINED, TRACE },
	{ OPT_PROMETHEUS, TRACE },
	{ 's', TRACE | LIVE },
	{ OPT_SAMPLE, TRACE | LIVE },
	{ OPT_FREEZE, TRACE | LIVE },
	{ 'T', TRACE | SAVED | TOP | LEAKS },
	{ 'l', TRACE | SAVED | LEAKS | EXPORT | LIVE },
	{ OPT_SORT, TRACE | SYMBOLIZE | SUM | LEAKS },
	{ OPT_GROUP, TRACE | SAVED },
	{ OPT_IGNORE, TRACE | SAVED | EXPORT | LIVE },
	{ OPT_IGNORE_FILE, TRACE | SAVED | EXPORT | LIVE },
	{ OPT_DEBUG_PATH, TRACE | SAVED | LEAKS | EXPORT | LIVE },
	{ OPT_OUTPUT, EXPORT | LIVE },
	{ OPT_SYSROOT, SAVED | EXPORT },
	{ 'g', TOP },
	{ OPT_MAX_STOP, LEAKS },
	{ OPT_EXACT, LEAKS },
	{ OPT_WHY, LEAKS },
	{ 'h', ALL },
	{ OPT_HELP, ALL },
	{ OPT_VERSION, ALL },
	{ '?', ALL }, /* unknown */
	{ ':', ALL }, /* without its argument */
};

static unsigned int modes_of(int option)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_modes); i++)
		if (option_modes[i].option == option)
			return option_modes[i].modes;
	return TRACE | LEAKS | LIVE;
}

/**
 * mu_option_find_mode() - find the mode that the first word of a command line selects
 * @word: the word; may be NULL
 * @mode: set to the mode, MU_TRACE if the word selects none
 *
 * Return: true if it selects one.
 */
bool mu_option_find_mode(const char *word, enum mu_mode *mode)
{
	*mode = MU_TRACE;
	for (size_t i = 0; word && i < ARRAY_SIZE(subcommands); i++) {
		if (strcmp(word, subcommands[i].word))
			continue;
		*mode = subcommands[i].mode;
		return true;
	}
	return false;
}

/**
 * mu_option_is_of_mode() - check whether a mode has an option
 * @option: the option
 * @mode: the mode
 *
 * Return: true if it has.
 */
bool mu_option_is_of_mode(int option, enum mu_mode mode)
{
	return modes_of(option) & (1u << mode);
}

/**
 * mu_option_name_of() - get the name of an option
 * @option: the option
 *
 * Return: its letter, or its long name if it has none; valid until the next call.
 */
const char *mu_option_name_of(int option)
{
	static char name[32];

	snprintf(name, sizeof(name), "-%c", option);
	for (const struct option *o = mu_long_options; option >= 256 && o->name; o++)
		if (o->val == option)
			snprintf(name, sizeof(name), "--%s", o->name);
	return name;
}

/* Return: "symbolize, diff and sum", to be freed: the words of the modes that have an option. */
static char *list_modes(int option)
{
	const char *words[ARRAY_SIZE(subcommands)];
	size_t nr = 0;
	char *list;

	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		if (modes_of(option) & (1u << subcommands[i].mode))
			words[nr++] = subcommands[i].word;
	list = mu_format("%s", nr ? words[0] : "");
	for (size_t i = 1; i < nr; i++) {
		char *longer = mu_format("%s%s%s", list, i + 1 < nr ? ", " : " and ", words[i]);

		free(list);
		list = longer;
	}
	return list;
}

/**
 * mu_option_refuse_mode() - refuse an option of another mode
 * @mode: the mode
 * @option: the option
 *
 * Return: the exit status, with a message.
 */
int mu_option_refuse_mode(enum mu_mode mode, int option)
{
	char *list;
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++)
		if (subcommands[i].mode == mode)
			return mu_usage_error("%s has no option %s", subcommands[i].word,
					      mu_option_name_of(option));
	list = list_modes(option);
	status = mu_usage_error("%s is an option of %s only", mu_option_name_of(option), list);
	free(list);
	return status;
}
