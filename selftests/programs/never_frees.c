// SPDX-License-Identifier: GPL-2.0-only
/*
 * never_frees: one step that keeps blocks, in a program that never frees any. Linked statically
 * with musl (never_frees_musl) it has no free.
 *
 * Used by allocators.
 */
#include "program.h"

#define BLOCKS 50

int main(void)
{
	size_t i;

	program_ready();
	for (i = 0; i < BLOCKS; i++)
		program_keep(malloc(100 + i), 100 + i);
	program_keep(malloc(300000), 300000);
	program_done();
	return 0;
}
