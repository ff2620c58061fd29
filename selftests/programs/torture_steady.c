// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture_steady BLOCKS LIBRARY: known answers, again and again.
 *
 * "count" makes BLOCKS blocks, frees five of six, and keeps the rest until its
 * next turn.  "library" moves blocks and allocates in a library that is loaded
 * for that and gone at its end; its blocks are all freed but those of the loader.
 * Each block is written to when it is made and looked at when it is freed.
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

static void make(int i)
{
	block[i] = i % 4 ? malloc(size_of(i)) : calloc(size_of(i), 1);
	if (!block[i])
		program_die("malloc");
	memset(block[i], i, size_of(i));
}

static void check(int i)
{
	size_t k;

	for (k = 0; k < size_of(i); k++)
		if (block[i][k] != (unsigned char)i)
			program_die("a block has changed");
}

static void drop(int i)
{
	check(i);
	free(block[i]);
	block[i] = NULL;
}

static void count(void)
{
	int i;

	for (i = 0; i < blocks; i++)
		make(i);
	for (i = 0; i < blocks; i++)
		if (i % 6)
			drop(i);
		else
			program_keep(block[i], size_of(i));
}

/* What "count" has kept goes when the test has looked at it. */
static void forget(void)
{
	int i;

	for (i = 0; i < blocks; i += 6) {
		program_drop(block[i]);
		drop(i);
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
			count();
		else if (step == 'f')
			forget();
		else
			in_library(argv[2]);
	}
	return 0;
}
