// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text and numbers in XML and HTML.
 *
 * The same escapes are valid in both, in elements and in quoted attributes; text of a profile has
 * no other character that is not allowed there. Depends on utf8.c.
 */
#include "export_markup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define GROUP 3
#define FIRST_WIDE "\xe1\x84\x80" /* U+1100: from here on, characters may have two columns */
#define ELLIPSIS "\xe2\x80\xa6"
#define LEAST_COLUMNS 3

static void write_char(FILE *out, char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	case '\'':
		fputs("&#39;", out);
		break;
	default:
		putc(c, out);
	}
}

/**
 * mu_markup_text() - write text of a profile
 * @out: the stream
 * @text: the text
 */
void mu_markup_text(FILE *out, const char *text)
{
	for (; *text; text++)
		write_char(out, *text);
}

/**
 * mu_markup_bytes() - write text that is not of a profile
 * @out: the stream
 * @bytes: any bytes
 */
void mu_markup_bytes(FILE *out, const char *bytes)
{
	char *text = mu_utf8_escape(bytes);

	mu_markup_text(out, text);
	free(text);
}

/* Move to the next character. Return: the columns of the one before. */
static size_t step_char(const char **text)
{
	size_t length = mu_utf8_length(*text);
	size_t columns = length >= 3 && memcmp(*text, FIRST_WIDE, 3) >= 0 ? 2 : 1;

	*text += length ? length : 1; /* a backslash of an escape */
	return columns;
}

/* Return: the end of the part of a text that has so many columns. */
static const char *end_of_columns(const char *text, size_t columns)
{
	for (;;) {
		const char *next = text;
		size_t used;

		if (!*text)
			return text;
		used = step_char(&next);
		if (used > columns)
			return text;
		columns -= used;
		text = next;
	}
}

/**
 * mu_markup_cut() - write as much of a text as there is place for
 * @out: the stream
 * @text: text of a profile
 * @columns: place for so many narrow characters; of a cut text, the last one is an ellipsis
 */
void mu_markup_cut(FILE *out, const char *text, size_t columns)
{
	const char *end;

	if (columns < LEAST_COLUMNS)
		return;
	if (!*end_of_columns(text, columns)) {
		mu_markup_text(out, text);
		return;
	}
	end = end_of_columns(text, columns - 1);
	for (; text < end; text++)
		write_char(out, *text);
	fputs(ELLIPSIS, out);
}

/**
 * mu_digits() - make a number readable
 * @value: the number
 *
 * Return: its digits.
 */
struct mu_digits mu_digits(uint64_t value)
{
	struct mu_digits digits = {};
	char plain[24];
	size_t length = snprintf(plain, sizeof(plain), "%" PRIu64, value);
	size_t end = 0;

	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % GROUP == 0)
			digits.text[end++] = ',';
		digits.text[end++] = plain[i];
	}
	return digits;
}

/**
 * mu_signed_digits() - make a difference readable
 * @plus: what is added
 * @minus: what is taken off
 *
 * Return: its digits behind a sign.
 */
struct mu_digits mu_signed_digits(uint64_t plus, uint64_t minus)
{
	struct mu_digits digits = mu_digits(plus > minus ? plus - minus : minus - plus);

	if (plus == minus)
		return digits;
	memmove(digits.text + 1, digits.text, sizeof(digits.text) - 2);
	digits.text[0] = plus > minus ? '+' : '-';
	return digits;
}
