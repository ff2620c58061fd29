// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test library: print diagnostics. All other files of the library depend on this one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "kselftest.h"
#include "mst.h"

static void print_diagnostic(const char *fmt, va_list args)
{
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	fflush(stdout);
}

/**
 * mst_say() - print a diagnostic line of TAP output
 * @fmt: a printf format without a newline
 */
void mst_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_diagnostic(fmt, args);
	va_end(args);
}

/**
 * mst_die() - print a diagnostic line and end the running test as failed
 * @fmt: a printf format without a newline
 */
void mst_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_diagnostic(fmt, args);
	va_end(args);
	_exit(KSFT_FAIL);
}
