// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three functions, each in a page of its own, with a page between them, that
 * call what they are given: any page can be unmapped while the others run.
 */
#include <stdlib.h>

#define APART __attribute__((aligned(8192)))

/* Not by a jump, which would leave no frame. */
static inline __attribute__((always_inline)) void *call(void *(*alloc)(size_t), size_t size)
{
	void *p = alloc(size);

	__asm__ volatile("" : "+r"(p));
	return p;
}

APART void *leak_first(void *(*alloc)(size_t), size_t size)
{
	return call(alloc, size);
}

APART void *leak_middle(void *(*alloc)(size_t), size_t size)
{
	return call(alloc, size);
}

APART void *leak_last(void *(*alloc)(size_t), size_t size)
{
	return call(alloc, size);
}
