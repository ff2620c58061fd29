// SPDX-License-Identifier: GPL-2.0-only
/*
 * counted CASE [NUMBER]: known numbers of calls, for tests of the counters in stats. Each case is
 * described at its function and has one step.
 *
 * counted_wrapped defines a malloc and a free that call those of libc (wrap_alloc.c); counted_apart
 * has them in a library.
 *
 * Used by counters, limits and out_of_memory.
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

static void unmap_pages(char *from, size_t pages)
{
	if (munmap(from, pages * PAGE))
		program_die("munmap");
}

/* NUMBER blocks that are freed at once, and one that is kept. */
static void do_pairs(void)
{
	long i;

	for (i = 0; i < number; i++)
		free(malloc(100));
	program_keep(malloc(101), 101);
}

/* FROM_BEFORE blocks that were allocated before the attach are freed in one loop. */
static void do_frees(void)
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

/* The same, with each free deeper in the stack than the one before. */
static void do_frees_deeper(void)
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

/* NUMBER threads, one after the other, free all that they have allocated. */
static void do_threads(void)
{
	pthread_t thread;
	long i;

	for (i = 0; i < number; i++)
		if (pthread_create(&thread, NULL, come_and_go, NULL) || pthread_join(thread, NULL))
			program_die("pthread_create");
}

/*
 * munmap() of parts of a recorded mapping; of one that begins in an unrecorded one; of an
 * unrecorded one; one that fails; and one of a whole recorded mapping.
 */
static void do_unmaps(void)
{
	char *p = map_at(NULL, 8), *q = map_at(mapped_before + 2 * PAGE, 4);

	unmap_pages(p + 3 * PAGE, 1);
	unmap_pages(p + 7 * PAGE, 1);
	unmap_pages(p, 1);
	unmap_pages(p + 1 * PAGE, 2);
	unmap_pages(p + 6 * PAGE, 2);
	program_keep_as(p + 4 * PAGE, 2 * PAGE, "mmap");
	unmap_pages(mapped_before, 4);
	program_keep_as(q + 2 * PAGE, 2 * PAGE, "mmap");
	unmap_pages(mapped_before + 8 * PAGE, 1);
	if (!munmap(p + 4 * PAGE + 1, PAGE))
		program_die("munmap of no page");
	unmap_pages(map_at(NULL, 2), 2);
}

/*
 * realloc of a block that was allocated before the attach, which fails, and one that succeeds; the
 * same of a recorded block, in reverse order.
 */
static void do_reallocs(void)
{
	void *p;

	program_fail(realloc(from_before[0], too_big));
	program_keep(realloc(from_before[0], 5000), 5000);
	p = realloc(malloc(102), 6000);
	program_fail(realloc(p, too_big));
	program_keep(p, 6000);
}

static pthread_barrier_t barrier;

/*
 * In each of CROWD threads: NUMBER calls of malloc, each tenth of them followed by a realloc. Each
 * 50th block is large enough for a mapping of its own.
 */
static void *allocate_in_crowd(void *arg)
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

/* In each of CROWD threads: NUMBER blocks that are freed at once. */
static void *pair_in_crowd(void *arg)
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

/* Lets the threads do their work and waits for them. */
static void do_crowd(void)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "pairs", do_pairs },	   { "frees", do_frees },      { "frees_deeper", do_frees_deeper },
	{ "threads", do_threads }, { "unmaps", do_unmaps },    { "reallocs", do_reallocs },
	{ "crowd", do_crowd },	   { "pair_crowd", do_crowd },
};

/* Allocates what must exist before the attach. */
static void prepare_case(const char *name)
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
		if (pthread_create(&thread, NULL,
				   name[0] == 'p' ? pair_in_crowd : allocate_in_crowd, NULL))
			program_die("pthread_create");
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc < 2 || strcmp(cases[i].name, argv[1]))
			continue;
		number = argc > 2 ? atol(argv[2]) : 0;
		prepare_case(argv[1]);
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
