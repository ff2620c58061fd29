/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TEXT_H
#define MU_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The longest line that the module writes is a path of 4095 bytes with each byte escaped. */
#define MU_LINE_MAX 32768

/**
 * struct mu_lines - a file that is read line by line
 * @in: the file
 * @nr: number of the line in @text, from 1
 * @is_whole: the line ended with a newline, was not too long and held printable characters only
 * @text: the line without its newline
 */
struct mu_lines {
	FILE *in;
	unsigned long nr;
	bool is_whole;
	char text[MU_LINE_MAX];
};

/**
 * struct mu_span - a part of a line, not terminated
 * @at: its first byte
 * @len: its length
 */
struct mu_span {
	const char *at;
	size_t len;
};

char **mu_words_split(const char *line, const char **why);
void mu_words_free(char **words);

bool mu_unescape(char *out, const char *in);
char *mu_escape(const char *name);
bool mu_parse_number(const char *text, uint64_t *value);

bool mu_lines_next(struct mu_lines *lines);
bool mu_take(const char **p, const char *literal);
bool mu_take_number(const char **p, uint64_t *value);
bool mu_take_hex(const char **p, uint64_t *value);
bool mu_take_word(const char **p, struct mu_span *word);
bool mu_take_until(const char **p, char stop, struct mu_span *text);
char *mu_span_copy(struct mu_span span);
bool mu_span_is(struct mu_span span, const char *text);

#endif
