// SPDX-License-Identifier: GPL-2.0-only
/*
 * sampled COUNT THREADS: blocks of four sizes, each from one function. The steps, in any order:
 *
 *	make	each thread allocates COUNT times 8 blocks of 16 bytes, 4 of 100, 2 of 1000 and 1 of
 *		10000, and keeps them
 *	grow	each block is reallocated with twice its size
 *	free	each block is freed, by another thread than the one that has allocated it
 *	large	malloc() of 1 MiB, for which it makes a mapping
 *	copy	strdup(), which calls malloc() from within the C library
 *
 * Used by sampling.
 */
#include <pthread.h>

#include "program.h"

#define MAX_THREADS 8
#define GROUP 15

static long count, threads;
static void **blocks[MAX_THREADS];

__attribute__((noinline)) static void *make_16(void)
{
	void *p = malloc(16);

	asm volatile("" : "+r"(p));
	return p;
}

__attribute__((noinline)) static void *make_100(void)
{
	void *p = malloc(100);

	asm volatile("" : "+r"(p));
	return p;
}

__attribute__((noinline)) static void *make_1000(void)
{
	void *p = malloc(1000);

	asm volatile("" : "+r"(p));
	return p;
}

__attribute__((noinline)) static void *make_10000(void)
{
	void *p = malloc(10000);

	asm volatile("" : "+r"(p));
	return p;
}

static size_t size_of(long i)
{
	i %= GROUP;
	return i < 8 ? 16 : i < 12 ? 100 : i < 14 ? 1000 : 10000;
}

static void *make_one(long i)
{
	i %= GROUP;
	return i < 8 ? make_16() : i < 12 ? make_100() : i < 14 ? make_1000() : make_10000();
}

static void *make_blocks(void *arg)
{
	void **block = blocks[(long)arg];
	long i;

	for (i = 0; i < count * GROUP; i++) {
		block[i] = make_one(i);
		if (!block[i])
			program_die("malloc");
	}
	return NULL;
}

static void *grow_blocks(void *arg)
{
	void **block = blocks[(long)arg];
	long i;

	for (i = 0; i < count * GROUP; i++) {
		block[i] = realloc(block[i], 2 * size_of(i));
		if (!block[i])
			program_die("realloc");
	}
	return NULL;
}

static void *free_blocks(void *arg)
{
	void **block = blocks[((long)arg + 1) % threads];
	long i;

	for (i = 0; i < count * GROUP; i++)
		free(block[i]);
	return NULL;
}

static void run_threads(void *(*run)(void *))
{
	pthread_t thread[MAX_THREADS];
	long i;

	for (i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, run, (void *)i))
			program_die("pthread_create");
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	char step;
	long i;

	if (argc < 3)
		return 1;
	count = atol(argv[1]);
	threads = atol(argv[2]);
	for (i = 0; i < threads; i++)
		blocks[i] = calloc(count * GROUP, sizeof(void *));
	program_say("ready %d\n", (int)getpid());
	while ((step = program_step()) != 'e') {
		if (step == 'm')
			run_threads(make_blocks);
		else if (step == 'g')
			run_threads(grow_blocks);
		else if (step == 'f')
			run_threads(free_blocks);
		else if ((step == 'l' && !malloc(1 << 20)) || (step == 'c' && !strdup("copied")))
			program_die("malloc");
		program_say("done 0 0 0 0\n");
	}
	return 0;
}
