// SPDX-License-Identifier: GPL-2.0-only
/*
 * Demangling by libiberty, bounded: symbol names are the target's words, and a
 * short C++ name can stand for one of astronomic length. The callback leaves
 * the demangler by longjmp when it has seen enough; libiberty's callback
 * interface keeps all its state on the stack, so nothing is lost by that.
 */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define NAME_MAX_BYTES 2048

struct output {
	char text[NAME_MAX_BYTES];
	size_t len;
	jmp_buf enough;
};

static void collect(const char *text, size_t len, void *opaque)
{
	struct output *out = opaque;

	if (len >= sizeof(out->text) - out->len)
		longjmp(out->enough, 1);
	memcpy(out->text + out->len, text, len);
	out->len += len;
}

/* Rust first: its older mangling is valid C++ too, with a hash that nobody wants to see. */
static bool demangle(const char *symbol, struct output *out)
{
	int options = DMGL_PARAMS | DMGL_ANSI;

	if (setjmp(out->enough))
		return false;
	if (rust_demangle_callback(symbol, options, collect, out))
		return true;
	out->len = 0;
	return strncmp(symbol, "_Z", 2) == 0 &&
	       cplus_demangle_v3_callback(symbol, options, collect, out);
}

/* Without the version behind it: malloc@@GLIBC_2.2.5 is malloc. */
static size_t bare_length(const char *symbol)
{
	const char *at = strchr(symbol, '@');

	if (at && at > symbol && (at[1] == '@' || (at[1] >= 'A' && at[1] <= 'Z')))
		return at - symbol;
	return strlen(symbol);
}

/* What is too long to be worth it stays as it is, and is cut. */
char *mu_demangle(const char *symbol)
{
	struct output out = { .len = 0 };

	if (strlen(symbol) >= sizeof(out.text) || !demangle(symbol, &out)) {
		out.len = bare_length(symbol);
		if (out.len >= sizeof(out.text))
			out.len = sizeof(out.text) - 1;
		memcpy(out.text, symbol, out.len);
	}
	out.text[out.len] = '\0';
	return mu_escape(out.text);
}
