// SPDX-License-Identifier: GPL-2.0-only
/*
 * mix FUNCTION[,FUNCTION...] THREADS: one step with a known mix of blocks that are kept, freed or
 * moved, and of calls that fail.
 *
 * FUNCTION is one of the functions of the table below, a function that frees, or "all". Each thread
 * allocates blocks, and does one of six things with each (enum fate); a third of the blocks are
 * freed or moved by the next thread instead of the one that allocated them. The threads are created
 * before "ready", so that the blocks of their creation are not counted. Exit status 4: this
 * program's allocator has no such function.
 *
 * Also built statically and with musl, whose allocators have only some of the functions.
 *
 * Used by exact, allocators, exact_own, shapes, options and others.
 */
#ifndef PROGRAM_STATIC
#include <dlfcn.h>
#endif
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "program.h"

#define ROUNDS 18
#define MAX_THREADS 64
#define PAGE 4096ul

extern void *reallocarray(void *p, size_t n, size_t size) __attribute__((weak));
extern int posix_memalign(void **p, size_t align, size_t size) __attribute__((weak));
extern void *aligned_alloc(size_t align, size_t size) __attribute__((weak));
extern void *memalign(size_t align, size_t size) __attribute__((weak));
extern void *valloc(size_t size) __attribute__((weak));
extern void *pvalloc(size_t size) __attribute__((weak));

enum fate { KEEP, FREE, GIVE_TO_FREE, MOVE, MOVE_AND_FREE, GIVE_TO_MOVE, FATES };

struct maker {
	const char *name;
	void *(*make)(size_t size); /* allocates size bytes, or fails for PROGRAM_TOO_BIG */
	const char *kind;
	void *have; /* the function itself, NULL if it does not exist */
};

struct gift {
	void *p;
	size_t size;
	enum fate fate;
	const struct maker *maker;
};

/* Times 8, it overflows; for the functions that multiply. */
static volatile size_t too_many = PROGRAM_TOO_BIG;

static void *make_calloc(size_t size)
{
	return size == PROGRAM_TOO_BIG ? calloc(too_many, 8) : calloc(size / 8, 8);
}

static void *make_realloc(size_t size)
{
	return realloc(NULL, size);
}

static void *make_reallocarray(size_t size)
{
	return size == PROGRAM_TOO_BIG ? reallocarray(NULL, too_many, 8) :
					 reallocarray(NULL, size / 8, 8);
}

static void *make_posix_memalign(size_t size)
{
	void *p = NULL;

	return posix_memalign(&p, 64, size) ? NULL : p;
}

static void *make_aligned_alloc(size_t size)
{
	return aligned_alloc(8, size);
}

static void *make_memalign(size_t size)
{
	return memalign(256, size);
}

static void *make_mmap(size_t size)
{
	if (size == PROGRAM_TOO_BIG)
		return mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *make_stack(size_t size)
{
	if (size == PROGRAM_TOO_BIG)
		return make_mmap(size);
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
		    0);
}

static const struct maker makers[] = {
	{ "malloc", malloc, "heap", malloc },
	{ "calloc", make_calloc, "heap", calloc },
	{ "realloc", make_realloc, "heap", realloc },
	{ "reallocarray", make_reallocarray, "heap", reallocarray },
	{ "posix_memalign", make_posix_memalign, "heap", posix_memalign },
	{ "aligned_alloc", make_aligned_alloc, "heap", aligned_alloc },
	{ "memalign", make_memalign, "heap", memalign },
	{ "valloc", valloc, "heap", valloc },
	{ "pvalloc", pvalloc, "heap", pvalloc },
	{ "mmap", make_mmap, "mmap", mmap },
	{ "MAP_STACK", make_stack, "stack", mmap },
};

#define MAKERS (sizeof(makers) / sizeof(makers[0]))

static bool aligned_can_fail = true;
static const char *function;
static int threads;
static pthread_barrier_t barrier;
static struct gift gifts[MAX_THREADS][ROUNDS * MAKERS];
static void (*one_free)(void *p, size_t size);
static void *found;

static void plain_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

static void call_cfree(void *p, size_t size)
{
	(void)size;
	((void (*)(void *))found)(p);
}

static void call_free_sized(void *p, size_t size)
{
	((void (*)(void *, size_t))found)(p, size);
}

static void call_free_aligned_sized(void *p, size_t size)
{
	((void (*)(void *, size_t, size_t))found)(p, 8, size);
}

static void *look_up(const char *name)
{
#ifdef PROGRAM_STATIC
	(void)name;
	return NULL;
#else
	void *p = dlsym(RTLD_DEFAULT, name);

#ifdef __GLIBC__
	if (!p) /* cfree: for old programs only */
		p = dlvsym(RTLD_DEFAULT, name, "GLIBC_2.2.5");
#endif
	return p;
#endif
}

/*
 * Sets one_free, and returns the name of the function that allocates the blocks: @name itself, or
 * the counterpart if @name is a function that frees.
 */
static const char *maker_for(const char *name)
{
	one_free = plain_free;
	if (!strcmp(name, "free") || !strcmp(name, "munmap"))
		return !strcmp(name, "free") ? "malloc" : "mmap";
	if (!strcmp(name, "cfree"))
		one_free = call_cfree;
	else if (!strcmp(name, "free_sized"))
		one_free = call_free_sized;
	else if (!strcmp(name, "free_aligned_sized"))
		one_free = call_free_aligned_sized;
	else
		return name;
	found = look_up(name);
	if (!found)
		_exit(4);
	return one_free == call_free_aligned_sized ? "aligned_alloc" : "malloc";
}

static int is_selected(const struct maker *m)
{
	const char *at = strstr(function, m->name);
	char end = at ? at[strlen(m->name)] : 0;

	if (!strcmp(function, "all"))
		return !!m->have;
	while (at && ((at > function && at[-1] != ',') || (end && end != ','))) {
		at = strstr(at + 1, m->name);
		end = at ? at[strlen(m->name)] : 0;
	}
	return at && m->have;
}

static int is_mapping(const struct maker *m)
{
	return m->kind[0] != 'h';
}

static void free_block(const struct gift *g)
{
	if (!is_mapping(g->maker))
		one_free(g->p, g->size);
	else if (munmap(g->p, g->size))
		program_die("munmap");
}

/* Mappings are not moved, as mremap() is not traced here. */
static void move_block(struct gift *g)
{
	if (is_mapping(g->maker))
		return;
	g->size *= 2;
	g->p = realloc(g->p, g->size);
	if (!g->p)
		program_die("realloc");
}

static void carry_out(struct gift *g)
{
	if (g->fate == MOVE || g->fate == MOVE_AND_FREE || g->fate == GIVE_TO_MOVE)
		move_block(g);
	if (g->fate == FREE || g->fate == GIVE_TO_FREE || g->fate == MOVE_AND_FREE)
		free_block(g);
	else
		program_keep_as(g->p, g->size, g->maker->kind);
}

static size_t size_of_round(const struct maker *m, int round)
{
	if (is_mapping(m) || !strcmp(m->name, "pvalloc"))
		return (1 + round % 3) * PAGE;
	return 24 + (round * 136) % 2000;
}

/*
 * aligned_alloc of musl 1.2.2, and what is based on it, crashes instead of failing. As there is no
 * macro with the version of musl, a child tries it.
 */
static void try_to_fail(void)
{
#ifndef __GLIBC__
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(aligned_alloc && aligned_alloc(8, PROGRAM_TOO_BIG));
	aligned_can_fail = waitpid(pid, &status, 0) == pid && WIFEXITED(status);
#endif
}

static bool can_fail(const struct maker *m)
{
	return aligned_can_fail || (!strstr(m->name, "align") && strcmp(m->name, "valloc"));
}

static void make_one(const struct maker *m, int round, struct gift *later)
{
	struct gift g = { .fate = round % FATES, .size = size_of_round(m, round), .maker = m };

	g.p = m->make(g.size);
	if (!g.p || g.p == MAP_FAILED)
		program_die(m->name);
	if (g.fate == GIVE_TO_FREE || g.fate == GIVE_TO_MOVE)
		*later = g;
	else
		carry_out(&g);
	if (round % 3 == 0 && can_fail(m))
		program_fail(m->make(PROGRAM_TOO_BIG));
}

static void *run_thread(void *arg)
{
	long self = (long)arg;
	size_t i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < ROUNDS * MAKERS; i++) {
		const struct maker *m = &makers[i % MAKERS];

		if (is_selected(m))
			make_one(m, i / MAKERS, &gifts[self][i]);
	}
	pthread_barrier_wait(&barrier);
	for (i = 0; i < ROUNDS * MAKERS; i++)
		if (gifts[(self + 1) % threads][i].p)
			carry_out(&gifts[(self + 1) % threads][i]);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return NULL;
}

static void check_presence(void)
{
	size_t i;

	for (i = 0; i < MAKERS; i++)
		if (is_selected(&makers[i]))
			return;
	_exit(4);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long i;

	if (argc != 3)
		return 1;
	try_to_fail();
	function = maker_for(argv[1]);
	threads = atoi(argv[2]);
	if (threads < 1 || threads > MAX_THREADS)
		return 1;
	check_presence();
	pthread_barrier_init(&barrier, NULL, threads + 1);
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, run_thread, (void *)i))
			program_die("pthread_create");
	program_ready();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	program_done();
	return 0;
}
