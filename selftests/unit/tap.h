/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tap: results of the host tests as TAP, read by the script "run" of this directory.
 *
 * A test program makes any number of results and ends with tap_end(), whose value is its exit
 * code: 0, or 1 if one failed. One thread, no state besides the counts.
 */
#ifndef MLU_TAP_H
#define MLU_TAP_H

#include <stdbool.h>

#define PRINTF_LIKE(text, args) __attribute__((__format__(printf, text, args)))

/* One result, named for the behaviour that it proves. Returns @good. */
bool tap_ok(bool good, const char *name, ...) PRINTF_LIKE(2, 3);

/* A result that cannot be had on this machine: its name and the reason. */
void tap_skip(const char *reason, const char *name, ...) PRINTF_LIKE(2, 3);

/* A line of explanation, before the result that it belongs to. */
void tap_note(const char *format, ...) PRINTF_LIKE(1, 2);

int tap_end(void);

#endif /* MLU_TAP_H */
