// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library (libparts.so) with three functions, each in a page of its own and with a page between
 * them, which call the allocator that is passed to them. "frames parts" unmaps some of the pages
 * and calls the functions in the others.
 */
#include <stdlib.h>

#define APART __attribute__((aligned(8192)))

/* The asm prevents a tail call, which would leave no frame. */
static inline __attribute__((always_inline)) void *call_alloc(void *(*alloc)(size_t), size_t size)
{
	void *p = alloc(size);

	__asm__ volatile("" : "+r"(p));
	return p;
}

APART void *leak_first(void *(*alloc)(size_t), size_t size)
{
	return call_alloc(alloc, size);
}

APART void *leak_middle(void *(*alloc)(size_t), size_t size)
{
	return call_alloc(alloc, size);
}

APART void *leak_last(void *(*alloc)(size_t), size_t size)
{
	return call_alloc(alloc, size);
}
