// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arguments of options: numbers, sizes, words and directories; and the names of reports.
 *
 * Each function takes one argument, or prints a message that has the option and the argument.
 * Depends on quantity.c and msg.c.
 */
#include "option_values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "quantity.h"
#include "text.h"

#define MIN_FREEZE_MS 100

/**
 * mu_option_number() - take the number of an option
 * @option: the option, for messages
 * @text: its argument
 * @min: the smallest number
 * @max: the largest number
 * @value: set to the number
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_number(const char *option, const char *text, uint64_t min, uint64_t max,
		     uint64_t *value)
{
	if (mu_parse_number(text, value) && *value >= min && *value <= max)
		return 0;
	return mu_usage_error("%s: invalid number \"%s\": must be from %ju to %ju", option, text,
			      (uintmax_t)min, (uintmax_t)max);
}

/**
 * mu_option_size() - take the number of bytes of an option
 * @option: the option, for messages
 * @text: its argument
 * @bytes: set to the number
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_size(const char *option, const char *text, uint64_t *bytes)
{
	if (mu_parse_size(text, bytes))
		return 0;
	return mu_usage_error("%s: invalid size \"%s\": must be a number with an optional "
			      "suffix k, m or g",
			      option, text);
}

/**
 * mu_option_sample() - take the argument of --sample
 * @o: the options
 * @text: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_sample(struct mu_options *o, const char *text)
{
	if (mu_parse_size(text, &o->sample) && o->sample && o->sample <= UINT32_MAX)
		return 0;
	return mu_usage_error("--sample: invalid size \"%s\": must be from 1 to %u bytes, with an "
			      "optional suffix k, m or g",
			      text, UINT32_MAX);
}

/**
 * mu_option_exits() - take the argument of --exits
 * @o: the options
 * @text: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_exits(struct mu_options *o, const char *text)
{
	if (strcmp(text, "needed") && strcmp(text, "always"))
		return mu_usage_error("--exits: must be needed or always, not \"%s\"", text);
	o->exits = text;
	return 0;
}

/**
 * mu_option_older() - take the argument of -o
 * @o: the options
 * @text: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_older(struct mu_options *o, const char *text)
{
	if (mu_parse_time(text, 1, &o->filter.older) && o->filter.older <= UINT32_MAX)
		return 0;
	return mu_usage_error("-o: invalid time \"%s\": must be 0 to %u milliseconds, or a number "
			      "with suffix s or m",
			      text, UINT32_MAX);
}

/**
 * mu_option_freeze() - take the argument of --freeze
 * @o: the options
 * @text: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_freeze(struct mu_options *o, const char *text)
{
	if (mu_parse_time(text, MU_SECOND_MS, &o->freeze_ms) && o->freeze_ms >= MIN_FREEZE_MS &&
	    o->freeze_ms <= MU_DAY_MS)
		return 0;
	return mu_usage_error("--freeze: invalid time \"%s\": must be from %d ms to one day, in "
			      "seconds or with suffix ms or m",
			      text, MIN_FREEZE_MS);
}

/**
 * mu_options_check_freeze() - check the options that --freeze is combined with
 * @o: the options
 *
 * There is one table, so that nothing can have grown and COUNT has no meaning.
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_options_check_freeze(struct mu_options *o)
{
	if (!o->freeze_ms)
		return 0;
	if (o->count)
		return mu_usage_error("--freeze prints one table: COUNT %" PRIu64 " has no meaning",
				      o->count);
	if (o->view.sort == MU_SORT_GROWTH)
		return mu_usage_error("--freeze prints one table: --sort growth has no meaning");
	if (o->filter.older > o->interval_ms + o->freeze_ms)
		return mu_usage_error("-o %" PRIu64 "ms is longer than INTERVAL and --freeze "
				      "together: the table would be empty",
				      o->filter.older);
	o->count = 1;
	return 0;
}

/* The module checks the rest of what is one word. */
static bool is_word(const char *text)
{
	return *text && !text[strcspn(text, " \t\n\v\f\r")];
}

/**
 * mu_option_prefix() - take the argument of --symbols-prefix
 * @o: the options
 * @prefix: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_prefix(struct mu_options *o, const char *prefix)
{
	if (!is_word(prefix))
		return mu_usage_error("--symbols-prefix: invalid prefix \"%s\"", prefix);
	o->prefix = prefix;
	return 0;
}

/**
 * mu_option_pair() - add the argument of --pair
 * @o: the options
 * @pair: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_pair(struct mu_options *o, const char *pair)
{
	const char *comma = strchr(pair, ',');
	char *joined;

	if (!is_word(pair) || !comma || !memchr(pair, ':', comma - pair) || !strchr(comma, ':'))
		return mu_usage_error("--pair: \"%s\" is not of the form "
				      "ALLOC:SIZEARG,FREE:PTRARG",
				      pair);
	joined = o->pairs ? mu_format("%s pair=%s", o->pairs, pair) : mu_format("pair=%s", pair);
	free(o->pairs);
	o->pairs = joined;
	return 0;
}

/**
 * mu_option_sort() - take the argument of --sort
 * @o: the options, which get the order
 * @word: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_sort(struct mu_options *o, const char *word)
{
	struct mu_view *view = &o->view;

	if (o->mode == MU_LEAKS && !strcmp(word, "growth"))
		return mu_usage_error("--sort growth has no meaning in leaks");
	if (!strcmp(word, "size"))
		view->sort = MU_SORT_SIZE;
	else if (!strcmp(word, "count"))
		view->sort = MU_SORT_COUNT;
	else if (!strcmp(word, "growth"))
		view->sort = MU_SORT_GROWTH;
	else
		return mu_usage_error("--sort: invalid key \"%s\": must be size, count or growth",
				      word);
	return 0;
}

/**
 * mu_option_group() - take the argument of --group
 * @view: gets the groups
 * @word: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_group(struct mu_view *view, const char *word)
{
	if (!strcmp(word, "function"))
		view->group = MU_GROUP_FUNCTION;
	else if (!strcmp(word, "object"))
		view->group = MU_GROUP_OBJECT;
	else
		return mu_usage_error("--group: invalid key \"%s\": must be function or object",
				      word);
	return 0;
}

/**
 * mu_option_debug_path() - add the argument of --debug-path
 * @o: the options
 * @dir: the argument
 *
 * libdwfl searches absolute directories only, in a list separated by colons.
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_debug_path(struct mu_options *o, const char *dir)
{
	char *path = realpath(dir, NULL);
	char *joined;

	if (!path)
		return mu_usage_error("--debug-path: %s: %s", dir, strerror(errno));
	if (strchr(path, ':')) {
		free(path);
		return mu_usage_error("--debug-path: %s: the path contains a colon", dir);
	}
	joined = o->debug_path ? mu_format("%s:%s", o->debug_path, path) : mu_format("%s", path);
	free(o->debug_path);
	free(path);
	o->debug_path = joined;
	return 0;
}

/**
 * mu_option_why() - take the argument of --why: the address of a block, as -a prints it, or with 0x
 * @o: the options
 * @text: the argument
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_why(struct mu_options *o, const char *text)
{
	const char *digits = strncmp(text, "0x", 2) ? text : text + 2;
	char *end;

	errno = 0;
	o->why = strtoull(digits, &end, 16);
	if (*digits && !*end && !errno && isxdigit((unsigned char)*digits) && o->why)
		return 0;
	return mu_usage_error("--why: invalid address \"%s\"", text);
}

/**
 * mu_option_is_stdin() - check whether the name of a report is -
 * @word: the name
 *
 * Return: true if it is.
 */
bool mu_option_is_stdin(const char *word)
{
	return !strcmp(word, "-");
}

/**
 * mu_option_files() - take FILE...
 * @o: the options
 * @words: the arguments
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_files(struct mu_options *o, char **words)
{
	size_t stdins = 0;

	for (size_t i = 0; words[i]; i++)
		stdins += mu_option_is_stdin(words[i]);
	if (stdins > 1)
		return mu_usage_error("sum: only one of the reports may be stdin");
	o->files = words;
	return 0;
}

/**
 * mu_option_file() - take [FILE]
 * @o: the options
 * @words: the arguments
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_file(struct mu_options *o, char **words)
{
	if (words[0] && words[1])
		return mu_usage_error("unexpected argument \"%s\"", words[1]);
	if (words[0] && !mu_option_is_stdin(words[0]))
		o->file = words[0];
	return 0;
}

/**
 * mu_option_two_files() - take OLD and NEW
 * @o: the options
 * @words: the arguments
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_option_two_files(struct mu_options *o, char **words)
{
	if (!words[0] || !words[1])
		return mu_usage_error("diff: two reports are needed: OLD and NEW");
	if (words[2])
		return mu_usage_error("unexpected argument \"%s\"", words[2]);
	if (mu_option_is_stdin(words[0]) && mu_option_is_stdin(words[1]))
		return mu_usage_error("diff: only one of OLD and NEW may be stdin");
	o->old_file = mu_option_is_stdin(words[0]) ? NULL : words[0];
	o->file = mu_option_is_stdin(words[1]) ? NULL : words[1];
	return 0;
}
