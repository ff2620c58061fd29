// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages on stderr, each one line with the prefix "memleak-user: ", and the exit statuses.
 *
 * No function here exits.
 */
#include "msg.h"

#include <stdarg.h>
#include <stdio.h>

static void print_message(const char *fmt, va_list args)
{
	/* Flush stdout first, to keep messages and tables in order on a terminal. */
	fflush(stdout);
	fputs("memleak-user: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

/**
 * mu_warn() - print a message
 * @fmt: as for printf(), without newline
 */
void mu_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_message(fmt, args);
	va_end(args);
}

/**
 * mu_usage_error() - print an error in the command line and a hint at --help
 * @fmt: as for printf(), without newline
 *
 * Return: MU_USAGE.
 */
int mu_usage_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_message(fmt, args);
	va_end(args);
	fputs("Try 'memleak-user --help' for more information.\n", stderr);
	return MU_USAGE;
}
