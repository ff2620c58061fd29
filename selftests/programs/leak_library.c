// SPDX-License-Identifier: GPL-2.0-only
/* A library that leaks 7654 bytes in a function with a name; built under two names. */
#include <stdlib.h>

static void *volatile last;

void leak_in_library(void);

void leak_in_library(void)
{
	last = malloc(7654);
	last = NULL;
}
