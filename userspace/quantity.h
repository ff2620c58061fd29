/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_QUANTITY_H
#define MU_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MU_SECOND_MS 1000
#define MU_MINUTE_MS (60 * MU_SECOND_MS)
#define MU_DAY_MS (24 * 60 * MU_MINUTE_MS)

/* Size of the buffer of mu_format_ages(). */
#define MU_AGES_MAX 64

/* Size of the buffer of mu_format_size_change(). */
#define MU_SIZE_CHANGE_MAX 32

bool mu_parse_size(const char *text, uint64_t *bytes);
bool mu_parse_time(const char *text, uint64_t bare_ms, uint64_t *ms);
void mu_format_ages(char *text, uint64_t min, uint64_t max);
void mu_format_size_change(char *text, uint64_t from, uint64_t to);

#endif
