/* SPDX-License-Identifier: GPL-2.0-only */
/* Words: a command line split, names unescaped and made safe to print, numbers read strictly. */
#ifndef MU_WORDS_H
#define MU_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Splits as a shell does, with '...', "..." and backslash, and expands nothing.
 * Returns a NULL-terminated list for mu_words_free(), or NULL with *why.
 */
char **mu_words_split(const char *line, const char **why);
void mu_words_free(char **words);

/* Turns backslash and three octal digits back into bytes. False: it is malformed or has a NUL. */
bool mu_unescape(char *out, const char *in);

/* A copy, to be freed, in which no byte can move a terminal: as in /proc/PID/maps, spaces kept. */
char *mu_escaped(const char *name);

/* A whole decimal number without sign, white space or overflow. */
bool mu_number(const char *text, uint64_t *value);

#endif
