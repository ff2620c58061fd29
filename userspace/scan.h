/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of one line, taken strictly from left to right. Every taker
 * returns false without moving when the line does not go on as it expects.
 */
#ifndef MLU_SCAN_H
#define MLU_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The longest line the kernel side writes is a path of 4095 bytes, each escaped. */
#define MLU_LINE_MAX 32768

struct mlu_lines {
	FILE *in;
	unsigned long nr;	 /* of the line in text, from 1 */
	bool whole;		 /* it had an end, a sane length and only text */
	char text[MLU_LINE_MAX]; /* without its newline */
};

/* The next line into lines->text; false at the end. What is too long is read over. */
bool mlu_lines_next(struct mlu_lines *lines);

struct mlu_span {
	const char *at;
	size_t len;
};

bool mlu_take(const char **p, const char *literal);
bool mlu_take_number(const char **p, uint64_t *value);
bool mlu_take_hex(const char **p, uint64_t *value); /* with its 0x */
bool mlu_take_word(const char **p, struct mlu_span *word);
bool mlu_take_until(const char **p, char stop, struct mlu_span *text);
char *mlu_span_copy(struct mlu_span span);
bool mlu_span_is(struct mlu_span span, const char *text);

#endif
