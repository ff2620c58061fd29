// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes and times with units: parsed from a command line, and printed in a table.
 *
 * No state and no messages. Depends on mem.c and text.c.
 */
#include "quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "text.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* Units end with a NULL suffix. */
static const struct unit *find_unit(const char *suffix, const struct unit *units)
{
	for (; units->suffix; units++)
		if (!strcasecmp(units->suffix, suffix))
			return units;
	return NULL;
}

static bool parse_scaled(const char *text, const struct unit *units, uint64_t *value)
{
	size_t digits = strspn(text, "0123456789");
	const struct unit *unit = find_unit(text + digits, units);
	char *number = mu_strndup(text, digits);
	uint64_t n;
	bool good = unit && mu_parse_number(number, &n) &&
		    !__builtin_mul_overflow(n, unit->factor, &n);

	free(number);
	if (good)
		*value = n;
	return good;
}

/**
 * mu_parse_size() - parse a number of bytes
 * @text: a decimal number, with an optional suffix k, m or g in either case for powers of 1024
 * @bytes: set to the value
 *
 * Return: false if @text is anything else or does not fit.
 */
bool mu_parse_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 }, {},
	};

	return parse_scaled(text, units, bytes);
}

/**
 * mu_parse_time() - parse a duration
 * @text: a decimal number, with an optional suffix ms, s or m (minutes)
 * @bare_ms: the unit of a number without suffix, in milliseconds
 * @ms: set to the value in milliseconds
 *
 * Return: false if @text is anything else or does not fit.
 */
bool mu_parse_time(const char *text, uint64_t bare_ms, uint64_t *ms)
{
	const struct unit units[] = {
		{ "", bare_ms }, { "ms", 1 }, { "s", MU_SECOND_MS }, { "m", MU_MINUTE_MS }, {},
	};

	return parse_scaled(text, units, ms);
}

/* Print with one decimal, rounded down. printf() would round to the nearest. */
static void write_tenths(char *text, uint64_t min, uint64_t max, uint64_t unit, const char *name)
{
	snprintf(text, MU_AGES_MAX, "%" PRIu64 ".%" PRIu64 "..%" PRIu64 ".%" PRIu64 " %s",
		 min / unit, min % unit * 10 / unit, max / unit, max % unit * 10 / unit, name);
}

/**
 * mu_format_ages() - print a range of ages in the unit that suits the larger one
 * @text: the result, of MU_AGES_MAX bytes: "3..980 ms", "0.5..12.3 s", "3..95 min", "1.5..30.2 h"
 * @min: the smaller age in milliseconds
 * @max: the larger age in milliseconds
 *
 * Rounds down.
 */
void mu_format_ages(char *text, uint64_t min, uint64_t max)
{
	if (max < MU_SECOND_MS)
		snprintf(text, MU_AGES_MAX, "%" PRIu64 "..%" PRIu64 " ms", min, max);
	else if (max < 10 * MU_MINUTE_MS)
		write_tenths(text, min, max, MU_SECOND_MS, "s");
	else if (max < 600 * MU_MINUTE_MS)
		snprintf(text, MU_AGES_MAX, "%" PRIu64 "..%" PRIu64 " min", min / MU_MINUTE_MS,
			 max / MU_MINUTE_MS);
	else
		write_tenths(text, min, max, 60 * MU_MINUTE_MS, "h");
}

/**
 * mu_format_size_change() - print how a number of bytes has changed, in MiB, or KiB below 10 MiB
 * @text: the result, of MU_SIZE_CHANGE_MAX bytes: "+61 MiB", "-812 KiB", "+0 KiB"
 * @from: the earlier number
 * @to: the later number
 *
 * Rounds to the nearest.
 */
void mu_format_size_change(char *text, uint64_t from, uint64_t to)
{
	uint64_t bytes = to < from ? from - to : to - from;
	bool small = bytes < 10 << 20;
	uint64_t unit = small ? 1 << 10 : 1 << 20;

	snprintf(text, MU_SIZE_CHANGE_MAX, "%c%" PRIu64 " %s", to < from ? '-' : '+',
		 bytes / unit + (bytes % unit >= unit / 2), small ? "KiB" : "MiB");
}
