/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tap: results of the host tests as TAP, read by the script "run" of this directory.
 *
 * A test program prints any number of results and ends with tap_end(), whose value is its exit
 * code. Single-threaded; the only state is the two counts.
 */
#ifndef MLU_TAP_H
#define MLU_TAP_H

#include <stdbool.h>

#define PRINTF_LIKE(text, args) __attribute__((__format__(printf, text, args)))

/*
 * One result; the arguments after the condition are a printf() format that names the behaviour
 * tested, and its arguments. On failure the condition is printed with file and line. The value is
 * the condition.
 */
#define tap_ok(good, ...) tap_check(good, #good, __FILE__, __LINE__, __VA_ARGS__)

/* The same for two integers; on failure the expected and the seen value are printed. */
#define tap_is(seen, expected, ...) tap_compare(seen, expected, __FILE__, __LINE__, __VA_ARGS__)

/* The same for two strings. */
#define tap_is_string(seen, expected, ...) \
	tap_compare_string(seen, expected, __FILE__, __LINE__, __VA_ARGS__)

bool tap_check(bool good, const char *condition, const char *file, int line, const char *name, ...)
	PRINTF_LIKE(5, 6);
bool tap_compare(long long seen, long long expected, const char *file, int line, const char *name,
		 ...) PRINTF_LIKE(5, 6);
bool tap_compare_string(const char *seen, const char *expected, const char *file, int line,
			const char *name, ...) PRINTF_LIKE(5, 6);
void tap_note(const char *format, ...) PRINTF_LIKE(1, 2);
int tap_end(void);

#endif /* MLU_TAP_H */
