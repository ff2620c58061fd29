// SPDX-License-Identifier: GPL-2.0-only
/* Words: pure text in, text out. */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* Where the splitting stands. A word exists as soon as a quote or a character opened it. */
struct splitter {
	char **words;
	size_t nr;
	size_t room;
	char *word; /* as long as the line: no word is longer */
	size_t len;
	bool open;
};

static void put_byte(struct splitter *s, char byte)
{
	s->word[s->len++] = byte;
	s->open = true;
}

static void put_word(struct splitter *s)
{
	if (!s->open)
		return;
	s->words = mu_grow(s->words, s->nr + 1, &s->room, sizeof(*s->words));
	s->words[s->nr++] = mu_strndup(s->word, s->len);
	s->words[s->nr] = NULL;
	s->len = 0;
	s->open = false;
}

/* Between single quotes nothing is special. Returns what follows them, NULL if they stay open. */
static const char *single_quoted(struct splitter *s, const char *p)
{
	s->open = true;
	for (; *p && *p != '\''; p++)
		put_byte(s, *p);
	return *p ? p + 1 : NULL;
}

/* Between double quotes a backslash is one unless it stands before what it protects there. */
static const char *double_quoted(struct splitter *s, const char *p)
{
	s->open = true;
	for (; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1] && strchr("\"\\$`", p[1]))
			p++;
		put_byte(s, *p);
	}
	return *p ? p + 1 : NULL;
}

static const char *backslashed(struct splitter *s, const char *p)
{
	if (!*p)
		return NULL;
	put_byte(s, *p);
	return p + 1;
}

/* Takes one step from a byte of the line; NULL when something stays open at its end. */
static const char *step(struct splitter *s, const char *p, const char **why)
{
	switch (*p) {
	case ' ':
	case '\t':
	case '\n':
		put_word(s);
		return p + 1;
	case '\'':
		*why = "a single quote is not closed";
		return single_quoted(s, p + 1);
	case '"':
		*why = "a double quote is not closed";
		return double_quoted(s, p + 1);
	case '\\':
		*why = "nothing follows the last backslash";
		return backslashed(s, p + 1);
	}
	put_byte(s, *p);
	return p + 1;
}

char **mu_words_split(const char *line, const char **why)
{
	struct splitter s = { .word = mu_zalloc(strlen(line) + 1) };

	while (line && *line)
		line = step(&s, line, why);
	if (line)
		put_word(&s);
	free(s.word);
	if (line && s.nr)
		return s.words;
	if (line)
		*why = "it is empty";
	mu_words_free(s.words);
	return NULL;
}

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

/* The byte of \ooo, at least 1 as no name holds a NUL; 0 if this is none. */
static unsigned char octal_byte(const char *p)
{
	if (!is_octal(p[0], '3') || !is_octal(p[1], '7') || !is_octal(p[2], '7'))
		return 0;
	return (p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0');
}

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

char *mu_escaped(const char *name)
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

bool mu_number(const char *text, uint64_t *value)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n))
			return false;
	}
	*value = n;
	return true;
}
