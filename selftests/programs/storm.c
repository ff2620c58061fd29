// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm THREADS CALLS: reallocs, mallocs and frees by all threads at once in one
 * arena (run it with MALLOC_ARENA_MAX=1), so that an address that realloc has
 * given up belongs to another thread before realloc returns.
 *
 * The threads exist before the first step; what each slot holds at the end is
 * kept.
 */
#include <pthread.h>

#include "program.h"

#define SLOTS 16

struct slot {
	void *p;
	size_t size;
};

static pthread_barrier_t barrier;
static int calls;

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Beyond what a thread keeps for itself (1032 bytes) all threads meet. */
static size_t some_size(unsigned int *seed)
{
	return next(seed) % 4 ? 1040 + next(seed) % 3000 : 1 + next(seed) % 200;
}

static void change(struct slot *s, unsigned int *seed)
{
	if (s->p && next(seed) % 8 == 0) {
		free(s->p);
		s->p = NULL;
		return;
	}
	s->size = some_size(seed);
	s->p = s->p ? realloc(s->p, s->size) : malloc(s->size);
	if (!s->p)
		program_die("realloc");
}

static void *work(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	struct slot slots[SLOTS] = { 0 };
	int i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < calls; i++)
		change(&slots[next(&seed) % SLOTS], &seed);
	for (i = 0; i < SLOTS; i++)
		if (slots[i].p)
			program_keep(slots[i].p, slots[i].size);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long i, threads;

	if (argc != 3)
		return 1;
	threads = atoi(argv[1]);
	calls = atoi(argv[2]);
	pthread_barrier_init(&barrier, NULL, threads + 1);
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, work, (void *)(i + 1)))
			program_die("pthread_create");
	program_ready();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	program_done();
	return 0;
}
