// SPDX-License-Identifier: GPL-2.0-only
/* Messages on stderr. One line each, so that they stay readable between two tables. */
#include "msg.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const char *fmt, va_list args)
{
	/* stdout first: on a terminal both must come in the order they were said. */
	fflush(stdout);
	fputs("memleak-user: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void mu_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

int mu_usage_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	fputs("Try 'memleak-user --help' for more information.\n", stderr);
	return MU_USAGE;
}
