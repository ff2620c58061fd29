// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes, times and names in few columns, for the tables of top.
 *
 * No state and no input. Depends on mem.c and text.c.
 */
#include "top_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"
#include "top_trend.h"

#define MINUTE (60 * 1000ULL)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
/* A container's id, of which its manager shows the first 12 digits. */
#define ID_DIGITS 64
#define SHORT_ID_DIGITS 12

/**
 * mu_top_format_size() - print a number of bytes in at most 5 columns, or 6 with a sign
 * @text: the result, of MU_TOP_TEXT_MAX bytes: "512K", "81.2M", "3.1G"
 * @bytes: the number; may be negative
 * @with_sign: print a plus sign, too, except before 0
 */
void mu_top_format_size(char *text, double bytes, bool with_sign)
{
	static const char units[] = "KMGTP";
	double n = (bytes < 0 ? -bytes : bytes) / 1024;
	const char *sign = n < 0.5 ? "" : bytes < 0 ? "-" : with_sign ? "+" : "";
	size_t unit = 0;

	while (n >= 999.5 && units[unit + 1]) {
		n /= 1024;
		unit++;
	}
	snprintf(text, MU_TOP_TEXT_MAX, "%s%.*f%c", sign, unit && n < 99.95 ? 1 : 0, n,
		 units[unit]);
}

static void format_two(char *text, uint64_t ms, uint64_t unit, char name, uint64_t part,
		       char part_name)
{
	snprintf(text, MU_TOP_TEXT_MAX, "%" PRIu64 "%c%02" PRIu64 "%c", ms / unit, name,
		 ms % unit / part, part_name);
}

/**
 * mu_top_format_time() - print a duration in at most 6 columns
 * @text: the result, of MU_TOP_TEXT_MAX bytes: "45s", "12m30s", "4h10m", "12d03h", ">99d", or "-"
 *        for MU_TOP_NEVER
 * @ms: the duration in milliseconds; rounded down
 */
void mu_top_format_time(char *text, uint64_t ms)
{
	if (ms == MU_TOP_NEVER)
		snprintf(text, MU_TOP_TEXT_MAX, "-");
	else if (ms >= 100 * DAY)
		snprintf(text, MU_TOP_TEXT_MAX, ">99d");
	else if (ms >= DAY)
		format_two(text, ms, DAY, 'd', HOUR, 'h');
	else if (ms >= HOUR)
		format_two(text, ms, HOUR, 'h', MINUTE, 'm');
	else if (ms >= MINUTE)
		format_two(text, ms, MINUTE, 'm', 1000, 's');
	else if (ms >= 1000)
		snprintf(text, MU_TOP_TEXT_MAX, "%" PRIu64 "s", ms / 1000);
	else
		snprintf(text, MU_TOP_TEXT_MAX, "%" PRIu64 "ms", ms);
}

/**
 * mu_top_cut() - fit a name into columns
 * @name: the name, safe to print
 * @columns: the columns; SIZE_MAX: as many as it has
 *
 * Return: the name, with "+" instead of the end that does not fit, to be freed.
 */
char *mu_top_cut(const char *name, size_t columns)
{
	size_t len = strlen(name);

	if (len <= columns)
		return mu_strndup(name, len);
	if (!columns)
		return mu_strndup("", 0);
	return mu_format("%.*s+", (int)columns - 1, name);
}

/**
 * mu_top_cut_path() - fit a path into columns
 * @path: the path, safe to print
 * @columns: the columns; SIZE_MAX: as many as it has
 *
 * Return: the path, with "+" instead of the start that does not fit, to be freed.
 */
char *mu_top_cut_path(const char *path, size_t columns)
{
	size_t len = strlen(path);

	if (len <= columns)
		return mu_strndup(path, len);
	if (!columns)
		return mu_strndup("", 0);
	return mu_format("+%s", path + len - (columns - 1));
}

static void drop_suffix(char *name, const char *suffix)
{
	size_t len = strlen(name), part = strlen(suffix);

	if (len > part && !strcmp(name + len - part, suffix))
		name[len - part] = '\0';
}

/* Return: the first digit of the id of a container at the end of a name, NULL without an id. */
static char *find_id(char *name)
{
	size_t len = strlen(name);

	if (len < ID_DIGITS)
		return NULL;
	name += len - ID_DIGITS;
	return strspn(name, "0123456789abcdef") == ID_DIGITS ? name : NULL;
}

/**
 * mu_top_cgroup_name() - get a short name of a cgroup
 * @path: its path, with any bytes
 *
 * Return: the last component without suffix, of a container the first digits of its id; safe to
 * print, to be freed.
 */
char *mu_top_cgroup_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = mu_strndup(slash && slash[1] ? slash + 1 : path, strlen(path));
	char *id, *safe;

	drop_suffix(name, ".service");
	drop_suffix(name, ".scope");
	id = find_id(name);
	if (id)
		id[SHORT_ID_DIGITS] = '\0';
	safe = mu_escape(id ? id : name);
	free(name);
	return safe;
}
