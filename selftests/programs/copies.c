// SPDX-License-Identifier: GPL-2.0-only
/*
 * copies: one step that keeps copies of strings, made by strdup and strndup; built with a sanitizer
 * (copies_asan), whose runtime allocates them without calling malloc, and without one.
 *
 * Used by cpp_allocators.
 */
#include "program.h"

#define LARGE (3u << 20)

const char *__asan_default_options(void);

/* Kept blocks are no leaks here. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static char large[LARGE];

int main(void)
{
	memset(large, 'x', LARGE - 1);
	program_ready();
	program_keep(strdup(""), 1);
	program_keep(strdup("four"), 5);
	program_keep(strndup("four", 2), 3);
	program_keep(strndup("four", 100), 5);
	free(strdup("five."));
	free(strndup("five.", 3));
	program_keep(malloc(77), 77);
	large[1000] = 0;
	program_keep(strdup(large), 1001);
	program_done();
	return 0;
}
