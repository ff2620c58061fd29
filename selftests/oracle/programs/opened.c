// SPDX-License-Identifier: GPL-2.0-only
/* A library for the program that opens some: frames of ROOM bytes, as deep as it is told. */
#include <stdlib.h>
#include <string.h>

void *work(unsigned int depth)
{
	char room[ROOM];
	void *block;

	memset(room, depth, sizeof(room));
	block = depth ? work(depth - 1) : malloc(ROOM);
	if (!block && room[depth])
		abort();
	return block;
}
