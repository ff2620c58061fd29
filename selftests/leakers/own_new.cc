// SPDX-License-Identifier: GPL-2.0-only
/* own_new: the blocks of operator new, in a program with an allocator of its own (own_alloc.c). */
#include "leaker.h"

int main()
{
	leaker_ready();
	for (int i = 0; i < 10; i++) {
		leaker_keep(new char[1000], 1000);
		delete[] new char[500];
		leaker_keep(new long, sizeof(long));
	}
	leaker_done();
	return 0;
}
