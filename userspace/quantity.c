// SPDX-License-Identifier: GPL-2.0-only
/* Sizes and times with units. Pure: no state, no messages. */
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

/* The table ends with a unit without suffix. */
static const struct unit *find_unit(const char *suffix, const struct unit *units)
{
	for (; units->suffix; units++)
		if (!strcasecmp(units->suffix, suffix))
			return units;
	return NULL;
}

static bool read_scaled(const char *text, const struct unit *units, uint64_t *value)
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

bool mu_parse_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 }, {},
	};

	return read_scaled(text, units, bytes);
}

bool mu_parse_time(const char *text, uint64_t bare_ms, uint64_t *ms)
{
	const struct unit units[] = {
		{ "", bare_ms }, { "ms", 1 }, { "s", MU_SECOND_MS }, { "m", MU_MINUTE_MS }, {},
	};

	return read_scaled(text, units, ms);
}

/* With one decimal, rounded down: printf() would round a second up that is not over yet. */
static void write_tenths(char *text, uint64_t min, uint64_t max, uint64_t unit, const char *name)
{
	snprintf(text, MU_AGES_MAX, "%" PRIu64 ".%" PRIu64 "..%" PRIu64 ".%" PRIu64 " %s",
		 min / unit, min % unit * 10 / unit, max / unit, max % unit * 10 / unit, name);
}

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
