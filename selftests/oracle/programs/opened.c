// SPDX-License-Identifier: GPL-2.0-only
/* A library for opens.c: work() allocates below @depth frames of FRAME_SIZE bytes. */
#include <stdlib.h>
#include <string.h>

void *work(unsigned int depth)
{
	char frame[FRAME_SIZE];
	void *block;

	memset(frame, depth, sizeof(frame));
	block = depth ? work(depth - 1) : malloc(FRAME_SIZE);
	if (!block && frame[depth])
		abort();
	return block;
}
