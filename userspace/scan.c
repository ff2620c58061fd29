// SPDX-License-Identifier: GPL-2.0-only
/* Lines and their words. What is read may be cut short, huge or hostile: nothing is assumed. */
#include "scan.h"

#include <string.h>

#include "mem.h"

/* All that the kernel side writes is printable: names that are not are escaped there. */
static bool is_text(int c)
{
	return (c >= 0x20 && c <= 0x7e) || c == '\t';
}

bool mu_lines_next(struct mu_lines *lines)
{
	size_t len = 0;
	int c;

	lines->whole = true;
	while ((c = getc_unlocked(lines->in)) != EOF && c != '\n') {
		if (len < sizeof(lines->text) - 1 && is_text(c))
			lines->text[len++] = c;
		else
			lines->whole = false;
	}
	lines->text[len] = '\0';
	if (c == EOF && !len)
		return false;
	if (c == EOF)
		lines->whole = false;
	lines->nr++;
	return true;
}

bool mu_take(const char **p, const char *literal)
{
	size_t len = strlen(literal);

	if (strncmp(*p, literal, len))
		return false;
	*p += len;
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 16;
}

static bool take_digits(const char **p, int base, uint64_t *value)
{
	const char *at = *p;
	uint64_t n = 0;

	for (; digit_value(*at) < base; at++) {
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, digit_value(*at), &n))
			return false;
	}
	if (at == *p)
		return false;
	*value = n;
	*p = at;
	return true;
}

bool mu_take_number(const char **p, uint64_t *value)
{
	return take_digits(p, 10, value);
}

bool mu_take_hex(const char **p, uint64_t *value)
{
	const char *at = *p;

	if (!mu_take(&at, "0x") || !take_digits(&at, 16, value))
		return false;
	*p = at;
	return true;
}

bool mu_take_word(const char **p, struct mu_span *word)
{
	word->at = *p;
	word->len = strcspn(*p, " \t");
	*p += word->len;
	return word->len;
}

bool mu_take_until(const char **p, char stop, struct mu_span *text)
{
	const char *end = strchr(*p, stop);

	if (!end || end == *p)
		return false;
	text->at = *p;
	text->len = end - *p;
	*p = end + 1;
	return true;
}

char *mu_span_copy(struct mu_span span)
{
	return mu_strndup(span.at, span.len);
}

bool mu_span_is(struct mu_span span, const char *text)
{
	return strlen(text) == span.len && !memcmp(span.at, text, span.len);
}
