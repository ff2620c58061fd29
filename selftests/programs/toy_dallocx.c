// SPDX-License-Identifier: GPL-2.0-only
/*
 * toy_dallocx: a program with an allocator of its own (toy_alloc.c), all of whose blocks it frees
 * by dallocx(). No library refers to this function, so that the linker does not export it. FAILED
 * of the protocol is the number of frees.
 *
 * Used by freeing.
 */
#include "program.h"

#define BLOCKS 10

/* A function of jemalloc. */
__attribute__((noinline)) void dallocx(void *p, int flags)
{
	(void)flags;
	__asm__ volatile("" : : "r"(p) : "memory");
	program_failed++;
}

int main(void)
{
	void *p[BLOCKS];
	int i;

	program_ready();
	for (i = 0; i < BLOCKS; i++)
		p[i] = malloc(100 + i);
	for (i = 0; i < BLOCKS; i++)
		dallocx(p[i], 0);
	program_done();
	return 0;
}
