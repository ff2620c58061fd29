/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes and times with units, read from a command line and shown in a table. */
#ifndef MU_QUANTITY_H
#define MU_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MU_SECOND_MS 1000
#define MU_MINUTE_MS (60 * MU_SECOND_MS)
#define MU_DAY_MS (24 * 60 * MU_MINUTE_MS)

/* Enough for the longest pair of ages. */
#define MU_AGES_MAX 64

/**
 * mu_parse_size() - read a number of bytes
 * @text: a whole decimal number, with k, m or g (in either case) for powers of 1024
 * @bytes: the value
 *
 * Return: false if @text is anything else or does not fit.
 */
bool mu_parse_size(const char *text, uint64_t *bytes);

/**
 * mu_parse_time() - read a duration
 * @text: a whole decimal number, with ms, s or m (minutes)
 * @bare_ms: what one unit of a number without a suffix is worth
 * @ms: the value in milliseconds
 *
 * Return: false if @text is anything else or does not fit.
 */
bool mu_parse_time(const char *text, uint64_t bare_ms, uint64_t *ms);

/**
 * mu_format_ages() - write a range of ages in the unit that suits the larger one
 * @text: room for MU_AGES_MAX bytes: "3..980 ms", "0.5..12.3 s", "3..95 min", "1.5..30.2 h"
 * @min: the smaller age, in milliseconds
 * @max: the larger one
 *
 * Values are rounded down.
 */
void mu_format_ages(char *text, uint64_t min, uint64_t max);

#endif
