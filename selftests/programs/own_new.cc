// SPDX-License-Identifier: GPL-2.0-only
/*
 * own_new: one step that keeps blocks of operator new, in a program with an allocator of its own
 * (own_alloc.c). Used by exact_own.
 */
#include "program.h"

int main()
{
	program_ready();
	for (int i = 0; i < 10; i++) {
		program_keep(new char[1000], 1000);
		delete[] new char[500];
		program_keep(new long, sizeof(long));
	}
	program_done();
	return 0;
}
