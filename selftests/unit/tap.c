// SPDX-License-Identifier: GPL-2.0-only
/*
 * tap: results of the host tests as TAP, see tap.h.
 *
 * Each line is flushed, so that the output is complete up to a crash.
 */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static unsigned int results, failures;

static void print_line(const char *head, const char *format, va_list args)
{
	fputs(head, stdout);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
}

static void print_result(bool good, const char *name, va_list args)
{
	char head[32];

	results++;
	if (!good)
		failures++;
	snprintf(head, sizeof(head), "%s %u ", good ? "ok" : "not ok", results);
	print_line(head, name, args);
}

/**
 * tap_check() - print the result of a condition; see tap_ok()
 * @good: value of the condition
 * @condition: source text of the condition
 * @file: source file of the test
 * @line: line of the test
 * @name: printf() format of the result's name
 *
 * Return: @good
 */
bool tap_check(bool good, const char *condition, const char *file, int line, const char *name, ...)
{
	va_list args;

	if (!good)
		tap_note("%s:%d: expected: %s; seen: false", file, line, condition);
	va_start(args, name);
	print_result(good, name, args);
	va_end(args);
	return good;
}

/**
 * tap_compare() - print the result of comparing two integers; see tap_is()
 * @seen: the value that the code under test has returned
 * @expected: the correct value
 * @file: source file of the test
 * @line: line of the test
 * @name: printf() format of the result's name
 *
 * Return: true if both are equal
 */
bool tap_compare(long long seen, long long expected, const char *file, int line, const char *name,
		 ...)
{
	va_list args;

	if (seen != expected)
		tap_note("%s:%d: expected: %lld; seen: %lld", file, line, expected, seen);
	va_start(args, name);
	print_result(seen == expected, name, args);
	va_end(args);
	return seen == expected;
}

/**
 * tap_compare_string() - print the result of comparing two strings; see tap_is_string()
 * @seen: the string that the code under test has made
 * @expected: the correct string
 * @file: source file of the test
 * @line: line of the test
 * @name: printf() format of the result's name
 *
 * Return: true if both are equal
 */
bool tap_compare_string(const char *seen, const char *expected, const char *file, int line,
			const char *name, ...)
{
	bool good = !strcmp(seen, expected);
	va_list args;

	if (!good)
		tap_note("%s:%d: expected: \"%s\"; seen: \"%s\"", file, line, expected, seen);
	va_start(args, name);
	print_result(good, name, args);
	va_end(args);
	return good;
}

/**
 * tap_note() - print a line of diagnostics before the result that it belongs to
 * @format: printf() format of the text
 */
void tap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line("# ", format, args);
	va_end(args);
}

/**
 * tap_end() - print the plan
 *
 * Return: the program's exit code: 0, or 1 if a result was a failure
 */
int tap_end(void)
{
	printf("1..%u\n", results);
	return failures ? 1 : 0;
}
