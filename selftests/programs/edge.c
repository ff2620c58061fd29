// SPDX-License-Identifier: GPL-2.0-only
/*
 * edge CASE: the corners of the allocator's functions as glibc has them, one
 * small sequence of calls each, told at its function.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "program.h"

#define PAGE 4096ul
#define MB (1ul << 20)

static volatile size_t too_big = PROGRAM_TOO_BIG;
static void *from_before;

static void *map(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
		       0);

	if (p == MAP_FAILED)
		program_die("mmap");
	return p;
}

/* realloc(p, 0) frees p, and gives no memory. */
static void realloc_zero(void)
{
	void *p = malloc(100), *q = malloc(200);

	program_fail(realloc(p, 0));
	program_keep(q, 200);
}

static void reallocarray_zero(void)
{
	void *p = malloc(100);

	program_fail(reallocarray(p, 0, 8));
}

/* A realloc that fails leaves the old block as it was. */
static void realloc_fails(void)
{
	void *p = malloc(100);

	program_fail(realloc(p, too_big));
	program_keep(p, 100);
}

static void reallocarray_overflows(void)
{
	void *p = malloc(100);

	program_fail(reallocarray(p, too_big, 8));
	program_keep(p, 100);
}

/* The block stays where it is and has its new size. */
static void realloc_in_place(void)
{
	void *p = malloc(1000), *q = realloc(p, 990);

	if (p != q)
		program_die("was moved");
	program_keep(q, 990);
}

/* A block that was made before the attach belongs to the report once it is moved. */
static void realloc_from_before(void)
{
	program_keep(realloc(from_before, 5000), 5000);
}

/* Its free is no error. */
static void free_from_before(void)
{
	free(from_before);
	program_keep(malloc(50), 50);
}

static void zero_and_null(void)
{
	free(NULL);
	program_keep(malloc(0), 0);
	program_keep(calloc(0, 8), 0);
	program_keep(realloc(NULL, 0), 0);
}

/* Blocks for which the allocator maps and remaps memory are blocks all the same. */
static void big(void)
{
	void *p = malloc(MB), *q = malloc(MB);

	program_keep(realloc(p, 8 * MB), 8 * MB);
	program_keep(calloc(2, MB), 2 * MB);
	free(q);
}

static void munmap_fails(void)
{
	void *p = map(2 * PAGE, 0);

	if (!munmap((char *)p + 1, PAGE))
		program_die("munmap of a crooked address");
	program_keep_as(p, 2 * PAGE, "mmap");
}

/* The first page of three goes. */
static void munmap_part(void)
{
	if (munmap(map(3 * PAGE, 0), PAGE))
		program_die("munmap");
}

/* One mapping takes the other one's place: nobody unmaps it. */
static void mmap_over(void)
{
	void *p = map(2 * PAGE, 0);

	if (mmap(p, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p)
		program_die("mmap over another one");
	program_keep_as(p, 2 * PAGE, "mmap");
}

/* A heap block and a mapping at once, of both kinds. */
static void kinds(void)
{
	program_keep(malloc(30), 30);
	program_keep_as(map(3 * PAGE, 0), 3 * PAGE, "mmap");
	program_keep_as(map(4 * PAGE, MAP_STACK), 4 * PAGE, "stack");
}

static pthread_barrier_t barrier;
static void *given[8];

static void *free_first(void *p)
{
	pthread_barrier_wait(&barrier);
	free(*(void **)p);
	pthread_barrier_wait(&barrier);
	pause();
	return NULL;
}

/* Threads whose first call of all is a free: what the allocator maps then is its own. */
static void first_free(void)
{
	size_t i;

	for (i = 0; i < 8; i++)
		given[i] = malloc(100 + i);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	program_keep(malloc(60), 60);
}

static void *wait_for_ever(void *arg)
{
	pthread_barrier_wait(&barrier);
	pause();
	return arg;
}

/* Threads born while the program is traced; the test looks for their stacks by itself. */
static void thread_stacks(void)
{
	pthread_t thread;
	int i;

	pthread_barrier_init(&barrier, NULL, 4);
	for (i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, wait_for_ever, NULL))
			program_die("pthread_create");
	pthread_barrier_wait(&barrier);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "realloc_zero", realloc_zero },
	{ "reallocarray_zero", reallocarray_zero },
	{ "realloc_fails", realloc_fails },
	{ "reallocarray_overflows", reallocarray_overflows },
	{ "realloc_in_place", realloc_in_place },
	{ "realloc_from_before", realloc_from_before },
	{ "free_from_before", free_from_before },
	{ "zero_and_null", zero_and_null },
	{ "big", big },
	{ "munmap_fails", munmap_fails },
	{ "munmap_part", munmap_part },
	{ "mmap_over", mmap_over },
	{ "kinds", kinds },
	{ "first_free", first_free },
	{ "thread_stacks", thread_stacks },
};

/* What is there before the first step. */
static void prepare(const char *name)
{
	pthread_t thread;
	size_t i;

	from_before = malloc(4000);
	if (strcmp(name, "first_free"))
		return;
	pthread_barrier_init(&barrier, NULL, 9);
	for (i = 0; i < 8; i++)
		if (pthread_create(&thread, NULL, free_first, &given[i]))
			program_die("pthread_create");
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc != 2 || strcmp(cases[i].name, argv[1]))
			continue;
		prepare(argv[1]);
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
