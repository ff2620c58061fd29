// SPDX-License-Identifier: GPL-2.0-only
/* Demangling of symbols, including hostile ones. */
#include <stdlib.h>

#include "demangle.h"
#include "mem.h"
#include "tap.h"

static void reads_as(const char *symbol, const char *wanted, const char *claim)
{
	char *name = mu_demangle(symbol);

	is_text(name, wanted, claim);
	free(name);
}

static void test_languages(void)
{
	reads_as("fibonacci", "fibonacci", "a C name is unchanged");
	reads_as("_ZN3app5Cache3putEiPKc", "app::Cache::put(int, char const*)",
		 "a C++ name is demangled with its arguments");
	reads_as("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad",
		 "an older Rust name loses its hash");
	reads_as("_RNvCs1234_7mycrate3foo", "mycrate::foo", "a newer Rust name is demangled");
	reads_as("_ZNotAName", "_ZNotAName", "a name that is not mangled is unchanged");
	reads_as("malloc@@GLIBC_2.2.5", "malloc", "a version is removed");
	reads_as("pthread_create@GLIBC_2.2.5", "pthread_create", "an old version is removed");
	reads_as("puts@plt", "puts@plt", "another suffix is kept");
	reads_as("@", "@", "a name is not made empty");
	reads_as("", "", "an empty name is unchanged");
}

static void test_escape(void)
{
	reads_as("a\033]0;x\007b", "a\\033]0;x\\007b", "control characters are escaped");
}

/* Each type is a pair of the one before it, so that the name doubles each time. */
static char *make_exponential_name(void)
{
	char *name = mu_format("_Z1fSt4pairIiiE");

	for (int i = 0; i < 40; i++) {
		char digit = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i % 36];
		char *longer = mu_format(i < 36 ? "%sSt4pairIS%c_S%c_E" : "%sSt4pairIS1%c_S1%c_E",
					 name, digit, digit);

		free(name);
		name = longer;
	}
	return name;
}

static void test_bounds(void)
{
	char *bomb = make_exponential_name();
	char *name = mu_demangle(bomb);
	char *huge = mu_zalloc(1 << 20);

	tap_ok(strlen(name) < 4096, "a name of exponential length is not expanded");
	free(name);
	memset(huge, 'a', (1 << 20) - 1);
	name = mu_demangle(huge);
	tap_ok(strlen(name) < 4096, "a name of a megabyte is truncated");
	free(name);
	free(huge);
	free(bomb);
}

int main(void)
{
	test_languages();
	test_escape();
	test_bounds();
	return done_testing();
}
