// SPDX-License-Identifier: GPL-2.0-only
/*
 * An allocator for libraries.c. It needs no relocation, so that it can be mapped by hand. Freed
 * memory is not reused.
 */
#include <stddef.h>

#define ARENA (1u << 20)

static _Alignas(64) char arena[ARENA];
static size_t used;

void *malloc(size_t size)
{
	size_t need = (size + 31) & -(size_t)16;
	size_t at = __atomic_fetch_add(&used, need, __ATOMIC_RELAXED);

	if (size > ARENA || at + need > ARENA)
		return NULL;
	*(volatile size_t *)(arena + at) = size;
	return arena + at + 16;
}

void free(void *p)
{
	__asm__ volatile("" : : "r"(p));
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size);
}
