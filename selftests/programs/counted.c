// SPDX-License-Identifier: GPL-2.0-only
/*
 * counted CASE [NUMBER]: calls whose number is known, for what is counted of
 * them; each case is told at its function.
 *
 * counted_wrapped has a malloc and a free of its own that call libc's
 * (wrap_alloc.c), counted_apart has them in a library.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "program.h"

#define PAGE 4096ul
#define FROM_BEFORE 200
#define CROWD 8

static volatile size_t too_big = PROGRAM_TOO_BIG;
static void *from_before[FROM_BEFORE];
static char *mapped_before;
static long number;

static char *map_at(void *where, size_t pages)
{
	char *p = mmap(where, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED : 0), -1, 0);

	if (p == MAP_FAILED)
		program_die("mmap");
	return p;
}

static void unmap(char *from, size_t pages)
{
	if (munmap(from, pages * PAGE))
		program_die("munmap");
}

/* NUMBER blocks that come and go, and one that stays. */
static void pairs(void)
{
	long i;

	for (i = 0; i < number; i++)
		free(malloc(100));
	program_keep(malloc(101), 101);
}

/* What was there before the first step is freed: FROM_BEFORE blocks, in one loop. */
static void frees(void)
{
	int i;

	for (i = 0; i < FROM_BEFORE; i++)
		free(from_before[i]);
}

static __attribute__((noinline)) void free_deeper(int i)
{
	volatile char frame[64];

	frame[0] = i;
	free(from_before[i]);
	if (i + 1 < FROM_BEFORE)
		free_deeper(i + 1);
	frame[1] = frame[0];
}

/* The same, each free further down the stack than the one before. */
static void frees_deeper(void)
{
	free_deeper(0);
}

static void *come_and_go(void *arg)
{
	void *held[20];
	int i;

	for (i = 0; i < 20; i++)
		held[i] = malloc(24 + i);
	for (i = 0; i < 20; i++)
		free(held[i]);
	return arg;
}

/* NUMBER threads, one after the other, that free all that they have allocated. */
static void threads(void)
{
	pthread_t thread;
	long i;

	for (i = 0; i < number; i++)
		if (pthread_create(&thread, NULL, come_and_go, NULL) || pthread_join(thread, NULL))
			program_die("pthread_create");
}

/*
 * Six that unmap a part of what was recorded, one that unmaps something else, one that fails, one
 * that unmaps all of a mapping.
 */
static void unmaps(void)
{
	char *p = map_at(NULL, 8), *q = map_at(mapped_before + 2 * PAGE, 4);

	unmap(p + 3 * PAGE, 1);
	unmap(p + 7 * PAGE, 1);
	unmap(p, 1);
	unmap(p + 1 * PAGE, 2);
	unmap(p + 6 * PAGE, 2);
	program_keep_as(p, 8 * PAGE, "mmap");
	unmap(mapped_before, 8);
	program_keep_as(q, 4 * PAGE, "mmap");
	unmap(mapped_before + 8 * PAGE, 1);
	if (!munmap(p + 4 * PAGE + 1, PAGE))
		program_die("munmap of no page");
	unmap(map_at(NULL, 2), 2);
}

/* One of a block from before, one of it in vain, one of a recorded block, one of that in vain. */
static void reallocs(void)
{
	void *p;

	program_fail(realloc(from_before[0], too_big));
	program_keep(realloc(from_before[0], 5000), 5000);
	p = realloc(malloc(102), 6000);
	program_fail(realloc(p, too_big));
	program_keep(p, 6000);
}

static pthread_barrier_t barrier;

/* NUMBER calls of malloc, each tenth followed by one of realloc; each 50th block is a mapping. */
static void *allocate(void *arg)
{
	size_t size;
	void *p;
	long i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < number; i++) {
		size = i % 50 == 49 ? 200000 : 16 + i % 64;
		p = malloc(size);
		if (i % 10 == 9)
			p = realloc(p, size += 48);
		if (!p)
			program_die("malloc");
		program_keep_uncounted(p, size);
	}
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return arg;
}

/* NUMBER blocks that come and go. */
static void *pair_up(void *arg)
{
	long i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < number; i++)
		free(malloc(100));
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return arg;
}

static void crowd(void)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "pairs", pairs },	{ "frees", frees },	 { "frees_deeper", frees_deeper },
	{ "threads", threads }, { "unmaps", unmaps },	 { "reallocs", reallocs },
	{ "crowd", crowd },	{ "pair_crowd", crowd },
};

/* What is there before the first step. */
static void prepare(const char *name)
{
	pthread_t thread;
	long i;

	for (i = 0; i < FROM_BEFORE; i++)
		from_before[i] = malloc(50 + i);
	mapped_before = map_at(NULL, 10);
	pthread_barrier_init(&barrier, NULL, CROWD + 1);
	if (!strstr(name, "crowd"))
		return;
	for (i = 0; i < CROWD; i++)
		if (pthread_create(&thread, NULL, name[0] == 'p' ? pair_up : allocate, NULL))
			program_die("pthread_create");
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc < 2 || strcmp(cases[i].name, argv[1]))
			continue;
		number = argc > 2 ? atol(argv[2]) : 0;
		prepare(argv[1]);
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
