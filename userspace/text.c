// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text: splitting a command line into words, escaping and unescaping names, and scanning the lines
 * that the module writes.
 *
 * The mu_take functions parse a line strictly from left to right: each returns false, and leaves
 * the position as it is, unless the line continues as required. Input may be truncated, huge or
 * hostile.
 *
 * Depends on mem.c only.
 */
#include "text.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* State of mu_words_split(). A word is open from its first quote or character on. */
struct splitter {
	char **words;
	size_t nr;
	size_t capacity;
	char *word; /* has the size of the line, as no word is longer */
	size_t len;
	bool is_open;
};

static void put_byte(struct splitter *s, char byte)
{
	s->word[s->len++] = byte;
	s->is_open = true;
}

static void put_word(struct splitter *s)
{
	if (!s->is_open)
		return;
	s->words = mu_grow(s->words, s->nr + 1, &s->capacity, sizeof(*s->words));
	s->words[s->nr++] = mu_strndup(s->word, s->len);
	s->words[s->nr] = NULL;
	s->len = 0;
	s->is_open = false;
}

/* Nothing is special between single quotes. Return: the rest of the line, NULL if unterminated. */
static const char *put_single_quoted(struct splitter *s, const char *p)
{
	s->is_open = true;
	for (; *p && *p != '\''; p++)
		put_byte(s, *p);
	return *p ? p + 1 : NULL;
}

/* Between double quotes, a backslash is literal unless it precedes one of these four characters. */
static const char *put_double_quoted(struct splitter *s, const char *p)
{
	s->is_open = true;
	for (; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1] && strchr("\"\\$`", p[1]))
			p++;
		put_byte(s, *p);
	}
	return *p ? p + 1 : NULL;
}

static const char *put_backslashed(struct splitter *s, const char *p)
{
	if (!*p)
		return NULL;
	put_byte(s, *p);
	return p + 1;
}

/* Return: the rest of the line, or NULL with *why if a quote or backslash is incomplete. */
static const char *split_step(struct splitter *s, const char *p, const char **why)
{
	switch (*p) {
	case ' ':
	case '\t':
	case '\n':
		put_word(s);
		return p + 1;
	case '\'':
		*why = "unterminated single quote";
		return put_single_quoted(s, p + 1);
	case '"':
		*why = "unterminated double quote";
		return put_double_quoted(s, p + 1);
	case '\\':
		*why = "trailing backslash";
		return put_backslashed(s, p + 1);
	}
	put_byte(s, *p);
	return p + 1;
}

/**
 * mu_words_split() - split a command line into words
 * @line: the command line
 * @why: set to the reason if NULL is returned
 *
 * Quotes and backslashes have the meaning that they have in a shell. Nothing is expanded.
 *
 * Return: a NULL-terminated list, to be freed with mu_words_free(), or NULL.
 */
char **mu_words_split(const char *line, const char **why)
{
	struct splitter s = { .word = mu_zalloc(strlen(line) + 1) };

	while (line && *line)
		line = split_step(&s, line, why);
	if (line)
		put_word(&s);
	free(s.word);
	if (line && s.nr)
		return s.words;
	if (line)
		*why = "no words";
	mu_words_free(s.words);
	return NULL;
}

/**
 * mu_words_free() - free a list of words
 * @words: the list; may be NULL
 */
void mu_words_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

static bool is_octal(char c, char top)
{
	return c >= '0' && c <= top;
}

/* Return: the byte of three octal digits, 0 if there are no such digits. No name has a NUL byte. */
static unsigned char octal_byte(const char *p)
{
	if (!is_octal(p[0], '3') || !is_octal(p[1], '7') || !is_octal(p[2], '7'))
		return 0;
	return (p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0');
}

/**
 * mu_unescape() - replace each backslash with three octal digits by its byte
 * @out: the result, of strlen(@in) + 1 bytes
 * @in: the escaped text
 *
 * Return: false if @in is malformed or contains an escaped NUL byte.
 */
bool mu_unescape(char *out, const char *in)
{
	for (; *in; in++) {
		unsigned char byte = *in;

		if (byte == '\\') {
			byte = octal_byte(in + 1);
			if (!byte)
				return false;
			in += 3;
		}
		*out++ = byte;
	}
	*out = '\0';
	return true;
}

/**
 * mu_escape() - make a name safe to print on a terminal
 * @name: the name
 *
 * Escapes as /proc/PID/maps does, but keeps spaces.
 *
 * Return: the escaped copy, to be freed.
 */
char *mu_escape(const char *name)
{
	char *text = mu_zalloc(strlen(name) * 4 + 1);
	char *out = text;

	for (; *name; name++) {
		unsigned char byte = *name;

		if (byte >= 0x20 && byte <= 0x7e && byte != '\\') {
			*out++ = byte;
			continue;
		}
		*out++ = '\\';
		*out++ = '0' + (byte >> 6);
		*out++ = '0' + ((byte >> 3) & 7);
		*out++ = '0' + (byte & 7);
	}
	return text;
}

/* The module escapes all other characters. */
static bool is_text(int c)
{
	return (c >= 0x20 && c <= 0x7e) || c == '\t';
}

/**
 * mu_lines_next() - read the next line
 * @lines: the reader; gets the line, which is truncated if it is too long
 *
 * Return: false at the end of the file.
 */
bool mu_lines_next(struct mu_lines *lines)
{
	size_t len = 0;
	int c;

	lines->is_whole = true;
	while ((c = getc_unlocked(lines->in)) != EOF && c != '\n') {
		if (len < sizeof(lines->text) - 1 && is_text(c))
			lines->text[len++] = c;
		else
			lines->is_whole = false;
	}
	lines->text[len] = '\0';
	if (c == EOF && !len)
		return false;
	if (c == EOF)
		lines->is_whole = false;
	lines->nr++;
	return true;
}

/**
 * mu_take() - consume a literal
 * @p: the position in the line
 * @literal: the text that has to follow
 *
 * Return: true if it was consumed.
 */
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

/**
 * mu_take_number() - consume a decimal number
 * @p: the position in the line
 * @value: the number
 *
 * Return: true if it was consumed.
 */
bool mu_take_number(const char **p, uint64_t *value)
{
	return take_digits(p, 10, value);
}

/**
 * mu_take_hex() - consume a hexadecimal number with its 0x
 * @p: the position in the line
 * @value: the number
 *
 * Return: true if it was consumed.
 */
bool mu_take_hex(const char **p, uint64_t *value)
{
	const char *at = *p;

	if (!mu_take(&at, "0x") || !take_digits(&at, 16, value))
		return false;
	*p = at;
	return true;
}

/**
 * mu_take_word() - consume a word
 * @p: the position in the line
 * @word: the word
 *
 * Return: true if it was consumed.
 */
bool mu_take_word(const char **p, struct mu_span *word)
{
	word->at = *p;
	word->len = strcspn(*p, " \t");
	*p += word->len;
	return word->len;
}

/**
 * mu_take_until() - consume a text and the character that ends it
 * @p: the position in the line
 * @stop: the character
 * @text: the text before @stop, at least one character
 *
 * Return: true if it was consumed.
 */
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

/**
 * mu_span_copy() - copy a span into a string
 * @span: the span
 *
 * Return: the string, to be freed.
 */
char *mu_span_copy(struct mu_span span)
{
	return mu_strndup(span.at, span.len);
}

/**
 * mu_span_is() - compare a span with a string
 * @span: the span
 * @text: the string
 *
 * Return: true if they are equal.
 */
bool mu_span_is(struct mu_span span, const char *text)
{
	return strlen(text) == span.len && !memcmp(span.at, text, span.len);
}

/**
 * mu_parse_number() - parse a decimal number
 * @text: the number and nothing else, not even a sign
 * @value: the number
 *
 * Return: false if @text is anything else or does not fit.
 */
bool mu_parse_number(const char *text, uint64_t *value)
{
	uint64_t n;

	if (!take_digits(&text, 10, &n) || *text)
		return false;
	*value = n;
	return true;
}
