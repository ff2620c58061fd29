/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of one line, taken strictly from left to right. Every taker
 * returns false without moving when the line does not go on as it expects.
 */
#ifndef MU_SCAN_H
#define MU_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The longest line the kernel side writes is a path of 4095 bytes, each escaped. */
#define MU_LINE_MAX 32768

struct mu_lines {
	FILE *in;
	unsigned long nr;	/* of the line in text, from 1 */
	bool whole;		/* it had an end, a sane length and only text */
	char text[MU_LINE_MAX]; /* without its newline */
};

/* The next line into lines->text; false at the end. What is too long is read over. */
bool mu_lines_next(struct mu_lines *lines);

struct mu_span {
	const char *at;
	size_t len;
};

bool mu_take(const char **p, const char *literal);
bool mu_take_number(const char **p, uint64_t *value);
bool mu_take_hex(const char **p, uint64_t *value); /* with its 0x */
bool mu_take_word(const char **p, struct mu_span *word);
bool mu_take_until(const char **p, char stop, struct mu_span *text);
char *mu_span_copy(struct mu_span span);
bool mu_span_is(struct mu_span span, const char *text);

#endif
