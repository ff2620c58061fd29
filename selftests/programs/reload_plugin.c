// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plugin of reload.c. It is built twice, with -DVERSION=one and two: the two libraries have the
 * same code at the same addresses and differ in the name of the inner function.
 */
#include <stdlib.h>

#define PASTE(name, version) name##_##version
#define NAME(name, version) PASTE(name, version)

__attribute__((noinline)) void *NAME(inner, VERSION)(size_t size)
{
	void *p = malloc(size);

	__asm__ volatile("" : "+r"(p));
	return p;
}

void *plugin_alloc(size_t size)
{
	void *p = NAME(inner, VERSION)(size);

	__asm__ volatile("" : "+r"(p));
	return p;
}
