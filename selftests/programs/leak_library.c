// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library with a function that leaks 7654 bytes. Built as libone.so and libtwo.so, which differ
 * in their names only.
 */
#include <stdlib.h>

static void *volatile last;

void leak_in_library(void);

void leak_in_library(void)
{
	last = malloc(7654);
	last = NULL;
}
