// SPDX-License-Identifier: GPL-2.0-only
/*
 * Demangling of C++ and Rust symbols with libiberty, with a bounded result.
 *
 * Symbols come from the target and may be hostile: a short mangled name can expand exponentially.
 * The callback stops the demangler with longjmp() when the buffer is full. This leaks nothing, as
 * libiberty's callback interface keeps all its state on the stack.
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

static void append_text(const char *text, size_t len, void *opaque)
{
	struct output *out = opaque;

	if (len >= sizeof(out->text) - out->len)
		longjmp(out->enough, 1);
	memcpy(out->text + out->len, text, len);
	out->len += len;
}

/* Try Rust first: a legacy Rust name is also a valid C++ name, but C++ would keep its hash. */
static bool demangle_into(const char *symbol, struct output *out)
{
	int options = DMGL_PARAMS | DMGL_ANSI;

	if (setjmp(out->enough))
		return false;
	if (rust_demangle_callback(symbol, options, append_text, out))
		return true;
	out->len = 0;
	return strncmp(symbol, "_Z", 2) == 0 &&
	       cplus_demangle_v3_callback(symbol, options, append_text, out);
}

/* Return: the length without the version, as in malloc@@GLIBC_2.2.5. */
static size_t length_without_version(const char *symbol)
{
	const char *at = strchr(symbol, '@');

	if (at && at > symbol && (at[1] == '@' || (at[1] >= 'A' && at[1] <= 'Z')))
		return at - symbol;
	return strlen(symbol);
}

/**
 * mu_demangle() - get the name of a symbol to print
 * @symbol: the symbol
 *
 * Return: the name, to be freed: demangled, or the symbol itself if it is no mangled name or its
 * name is too long; truncated if that is too long, too; and safe to print.
 */
char *mu_demangle(const char *symbol)
{
	struct output out = { .len = 0 };

	if (strlen(symbol) >= sizeof(out.text) || !demangle_into(symbol, &out)) {
		out.len = length_without_version(symbol);
		if (out.len >= sizeof(out.text))
			out.len = sizeof(out.text) - 1;
		memcpy(out.text, symbol, out.len);
	}
	out.text[out.len] = '\0';
	return mu_escape(out.text);
}
