/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_EXPORT_MARKUP_H
#define MU_EXPORT_MARKUP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct mu_digits - a number to be read
 * @text: its digits in groups of three, as in "12,345"; a sign if it has one
 */
struct mu_digits {
	char text[32];
};

void mu_markup_text(FILE *out, const char *text);
void mu_markup_cut(FILE *out, const char *text, size_t columns);
void mu_markup_bytes(FILE *out, const char *bytes);
struct mu_digits mu_digits(uint64_t value);
struct mu_digits mu_signed_digits(uint64_t plus, uint64_t minus);

#endif
