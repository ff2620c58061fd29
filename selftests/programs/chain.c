// SPDX-License-Identifier: GPL-2.0-only
/*
 * chain: each step, of ten at most, calls chain_outer(), chain_middle() and chain_inner(), which
 * keeps a block each of malloc, calloc, realloc and posix_memalign. The functions exist in the
 * program as they are written, so that other tracers and debuggers can put breakpoints there.
 *
 * Used by debuggers, other_tracers, mapped_files and others. chain_go is the same program with the
 * note of a Go program, used by unseen.
 */
#include "program.h"

#define NAMED __attribute__((noinline, noclone)) void

NAMED chain_inner(int step);
NAMED chain_middle(int step);
NAMED chain_outer(int step);
NAMED chain_end(int step);

/* The size tells the function: 4001 malloc, 4002 calloc, 4003 realloc, 4004 posix_memalign. */
NAMED chain_inner(int step)
{
	void *p;

	program_keep(malloc(4001), 4001);
	program_keep(calloc(1, 4002), 4002);
	program_keep(realloc(malloc(100), 4003), 4003);
	if (posix_memalign(&p, 64, 4004))
		program_die("posix_memalign");
	program_keep(p, 4004);
	free(malloc(4005 + step));
}

NAMED chain_middle(int step)
{
	chain_inner(step);
	__asm__ volatile(""); /* no tail call */
}

NAMED chain_outer(int step)
{
	chain_middle(step);
	__asm__ volatile("");
}

NAMED chain_end(int step)
{
	__asm__ volatile("" : : "r"(step));
}

int main(void)
{
	int step;

	program_ready();
	for (step = 0; step < 10; step++) {
		chain_outer(step);
		chain_end(step);
		if (program_done() == 'e')
			break;
	}
	return 0;
}
