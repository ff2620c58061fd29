// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for reload.c, in two versions that have the same code but other names: built with
 * -DVERSION=one or two.
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
