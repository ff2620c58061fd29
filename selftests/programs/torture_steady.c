// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture_steady BLOCKS LIBRARY: known numbers of allocations, as often as the test asks for them.
 * Each block is filled when it is allocated and checked when it is freed.
 *
 * Steps:
 *	count	allocates BLOCKS blocks, frees five of six, and keeps the others
 *	forget	frees the kept blocks
 *	library	loads LIBRARY, allocates in it, moves a block, and unloads it
 *	end	exits
 *
 * Used by torture/torture as the target that is not disturbed.
 */
#include <dlfcn.h>

#include "program.h"

#define MAX_BLOCKS 4096

static unsigned char *block[MAX_BLOCKS];
static int blocks;

static size_t size_of(int i)
{
	return 24 + i % 200;
}

static void make_block(int i)
{
	block[i] = i % 4 ? malloc(size_of(i)) : calloc(size_of(i), 1);
	if (!block[i])
		program_die("malloc");
	memset(block[i], i, size_of(i));
}

static void check_block(int i)
{
	size_t k;

	for (k = 0; k < size_of(i); k++)
		if (block[i][k] != (unsigned char)i)
			program_die("a block has changed");
}

static void free_block(int i)
{
	check_block(i);
	free(block[i]);
	block[i] = NULL;
}

static void count_blocks(void)
{
	int i;

	for (i = 0; i < blocks; i++)
		make_block(i);
	for (i = 0; i < blocks; i++)
		if (i % 6)
			free_block(i);
		else
			program_keep(block[i], size_of(i));
}

/* Frees the blocks that count_blocks() has kept. */
static void forget_blocks(void)
{
	int i;

	for (i = 0; i < blocks; i += 6) {
		program_drop(block[i]);
		free_block(i);
	}
}

static void in_library(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	void (*leak)(void) = library ? (void (*)(void))dlsym(library, "leak_in_library") : NULL;
	void *p = malloc(100);
	int i;

	if (!leak)
		program_die(path);
	for (i = 1; i < 20; i++) {
		leak();
		p = realloc(p, 100 * i);
	}
	free(p);
	dlclose(library);
}

int main(int argc, char **argv)
{
	char step;

	if (argc != 3)
		return 1;
	blocks = atoi(argv[1]);
	if (blocks < 1 || blocks > MAX_BLOCKS)
		return 1;
	program_say("ready %d\n", (int)getpid());
	for (step = program_step(); step != 'e'; step = program_done()) {
		if (step == 'c')
			count_blocks();
		else if (step == 'f')
			forget_blocks();
		else
			in_library(argv[2]);
	}
	return 0;
}
