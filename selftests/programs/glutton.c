// SPDX-License-Identifier: GPL-2.0-only
/*
 * glutton FILE: allocates and fills blocks until the OOM killer kills it. It stores the address of
 * each block in FILE as soon as it is allocated, for the test to compare.
 *
 * Used by out_of_memory.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "program.h"

#define BLOCK 30000
#define BLOCKS 65536

int main(int argc, char **argv)
{
	uint64_t *list;
	void *p;
	int i, fd;

	fd = open(argc > 1 ? argv[1] : "", O_RDWR);
	if (fd < 0 || ftruncate(fd, BLOCKS * sizeof(*list)))
		program_die("the list of addresses");
	list = mmap(NULL, BLOCKS * sizeof(*list), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		    fd, 0);
	if (list == MAP_FAILED)
		program_die("mmap");
	program_ready();
	for (i = 0; i < BLOCKS; i++) {
		p = malloc(BLOCK);
		if (!p)
			break;
		list[i] = (uintptr_t)p;
		memset(p, 1, BLOCK);
	}
	program_die("not killed: all blocks were allocated");
}
