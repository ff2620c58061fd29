// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small shared object that defines the functions of an allocator: the object that bad_elf makes
 * malformed copies of. Its functions are never called.
 */
#include <stddef.h>

static char pool[65536];
static size_t used;

void *malloc(size_t size)
{
	char *p = pool + used;

	used += size;
	return used < sizeof(pool) ? p : NULL;
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size);
}

void free(void *p)
{
	if (p == pool)
		used = 0;
}
