// SPDX-License-Identifier: GPL-2.0-only
/*
 * The libraries of deep_open.c, which allocate in their constructor, before the module has read
 * their unwind data. Built with a different FRAME_SIZE each: the code is at the same addresses in
 * all of them, but the unwind rules differ. The constructor of DEEP allocates from a stack that
 * is larger than the part that the module copies.
 */
#define FIRST 5000
#define SECOND 6000
#define DEEP 7000

#include <string.h>

void *program_take(size_t size);
void library_call(size_t size);
void library_recurse(size_t size, int depth);

#define APART __attribute__((noipa))

APART static void library_inner(size_t size)
{
	volatile char frame[FRAME_SIZE];

	frame[0] = size;
	program_take(size);
	frame[1] = size;
}

APART void library_call(size_t size)
{
	library_inner(size);
	__asm__ volatile("" : : : "memory");
}

APART void library_recurse(size_t size, int depth)
{
	volatile char frame[2048];

	frame[0] = depth;
	if (depth)
		library_recurse(size, depth - 1);
	else
		library_inner(size);
	frame[1] = depth;
}

__attribute__((constructor)) static void library_opened(void)
{
	if (FRAME_SIZE == DEEP)
		library_recurse(2005, 40);
	else
		library_call(2001 + (FRAME_SIZE == SECOND));
	__asm__ volatile("" : : : "memory");
}
