// SPDX-License-Identifier: GPL-2.0-only
/* A library whose code "moving" moves, with two pages of nops before and behind its functions. */
#include <stddef.h>
#include <stdlib.h>

#define APART __attribute__((noinline, noipa))

void *moving_outer(size_t size);

__asm__(".section .text.before, \"ax\", @progbits\n"
	".skip 8192, 0x90\n"
	".text\n");

static APART void *moving_inner(size_t size)
{
	void *p = malloc(size);

	__asm__ volatile("");
	return p;
}

APART void *moving_outer(size_t size)
{
	void *p = moving_inner(size);

	__asm__ volatile("");
	return p;
}

__asm__(".text\n"
	".skip 8192, 0x90\n");
