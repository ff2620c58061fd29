// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library whose first call is made while it is being opened.  Built several times with another
 * ROOM each: the code is as long, its addresses are equal, its rules are not.  One makes that first
 * call from a stack that is larger than what is copied of one.
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
	volatile char room[ROOM];

	room[0] = size;
	program_take(size);
	room[1] = size;
}

APART void library_call(size_t size)
{
	library_inner(size);
	__asm__ volatile("" : : : "memory");
}

APART void library_recurse(size_t size, int depth)
{
	volatile char room[2048];

	room[0] = depth;
	if (depth)
		library_recurse(size, depth - 1);
	else
		library_inner(size);
	room[1] = depth;
}

__attribute__((constructor)) static void library_opened(void)
{
	if (ROOM == DEEP)
		library_recurse(2005, 40);
	else
		library_call(2001 + (ROOM == SECOND));
	__asm__ volatile("" : : : "memory");
}
