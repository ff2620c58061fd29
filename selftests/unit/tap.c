// SPDX-License-Identifier: GPL-2.0-only
/*
 * tap: results of the host tests as TAP, see tap.h. Lines are flushed one by one, so that what was
 * proven before a crash is seen.
 */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned int results, failures;

static void line(const char *head, const char *format, va_list args, const char *tail)
{
	fputs(head, stdout);
	vprintf(format, args);
	puts(tail);
	fflush(stdout);
}

bool tap_ok(bool good, const char *name, ...)
{
	char head[32];
	va_list args;

	results++;
	if (!good)
		failures++;
	snprintf(head, sizeof(head), "%s %u ", good ? "ok" : "not ok", results);
	va_start(args, name);
	line(head, name, args, "");
	va_end(args);
	return good;
}

void tap_skip(const char *reason, const char *name, ...)
{
	char head[32], tail[256];
	va_list args;

	results++;
	snprintf(head, sizeof(head), "ok %u ", results);
	snprintf(tail, sizeof(tail), " # SKIP %s", reason);
	va_start(args, name);
	line(head, name, args, tail);
	va_end(args);
}

void tap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line("# ", format, args, "");
	va_end(args);
}

int tap_end(void)
{
	printf("1..%u\n", results);
	return failures ? 1 : 0;
}
