// SPDX-License-Identifier: GPL-2.0-only
/*
 * edge CASE: the edge cases of glibc's allocation functions. Each case is one step with a short
 * sequence of calls, which is described at its function.
 *
 * Used by exact_edges, counters, other_tracers and tool/symbolize.sh.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "program.h"

#define PAGE 4096ul
#define MB (1ul << 20)

static volatile size_t too_big = PROGRAM_TOO_BIG;
static void *from_before;

static void *map_anonymous(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
		       0);

	if (p == MAP_FAILED)
		program_die("mmap");
	return p;
}

/* realloc(p, 0) frees p and returns NULL. */
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

/* A realloc that fails leaves the old block allocated. */
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

/* The block has the same address and a new size. */
static void realloc_in_place(void)
{
	void *p = malloc(1000), *q = realloc(p, 990);

	if (p != q)
		program_die("the block was moved");
	program_keep(q, 990);
}

/* A block from before the attach is recorded when it is moved. */
static void realloc_from_before(void)
{
	program_keep(realloc(from_before, 5000), 5000);
}

/* A block from before the attach is freed. */
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

/* Blocks for which the allocator itself calls mmap and mremap. */
static void big_blocks(void)
{
	void *p = malloc(MB), *q = malloc(MB);

	program_keep(realloc(p, 8 * MB), 8 * MB);
	program_keep(calloc(2, MB), 2 * MB);
	free(q);
}

static void munmap_fails(void)
{
	void *p = map_anonymous(2 * PAGE, 0);

	if (!munmap((char *)p + 1, PAGE))
		program_die("munmap of an address that is not aligned");
	program_keep_as(p, 2 * PAGE, "mmap");
}

/* The first page of three is unmapped. */
static void munmap_part(void)
{
	char *p = map_anonymous(3 * PAGE, 0);

	if (munmap(p, PAGE))
		program_die("munmap");
	program_keep_as(p + PAGE, 2 * PAGE, "mmap");
}

/* A mapping replaces another one, which is not unmapped before. */
static void mmap_over(void)
{
	void *p = map_anonymous(2 * PAGE, 0);

	if (mmap(p, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p)
		program_die("mmap over another mapping");
	program_keep_as(p, 2 * PAGE, "mmap");
}

/* A heap block, a mapping and a stack. */
static void all_kinds(void)
{
	program_keep(malloc(30), 30);
	program_keep_as(map_anonymous(3 * PAGE, 0), 3 * PAGE, "mmap");
	program_keep_as(map_anonymous(4 * PAGE, MAP_STACK), 4 * PAGE, "stack");
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

/* Threads whose first call is a free, in which the allocator may map memory for itself. */
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

/* Threads that are created while the program is traced; the test itself looks for their stacks. */
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
	{ "big", big_blocks },
	{ "munmap_fails", munmap_fails },
	{ "munmap_part", munmap_part },
	{ "mmap_over", mmap_over },
	{ "kinds", all_kinds },
	{ "first_free", first_free },
	{ "thread_stacks", thread_stacks },
};

/* Allocates what must exist before the attach. */
static void prepare_case(const char *name)
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
		prepare_case(argv[1]);
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
