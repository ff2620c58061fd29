// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm THREADS CALLS: one step in which all threads call realloc, malloc and free in the same
 * arena (with MALLOC_ARENA_MAX=1), so that an address that realloc has freed is often allocated
 * by another thread before realloc returns. Each thread makes CALLS calls and keeps the blocks
 * that remain in its slots. The threads are created before "ready".
 *
 * Used by exact_storms.
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

static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Most sizes are above 1032 bytes, the limit of glibc's per-thread cache. */
static size_t some_size(unsigned int *seed)
{
	return next_random(seed) % 4 ? 1040 + next_random(seed) % 3000 :
				       1 + next_random(seed) % 200;
}

static void change_slot(struct slot *s, unsigned int *seed)
{
	if (s->p && next_random(seed) % 8 == 0) {
		free(s->p);
		s->p = NULL;
		return;
	}
	s->size = some_size(seed);
	s->p = s->p ? realloc(s->p, s->size) : malloc(s->size);
	if (!s->p)
		program_die("realloc");
}

static void *run_thread(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	struct slot slots[SLOTS] = { 0 };
	int i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i < calls; i++)
		change_slot(&slots[next_random(&seed) % SLOTS], &seed);
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
		if (pthread_create(&thread, NULL, run_thread, (void *)(i + 1)))
			program_die("pthread_create");
	program_ready();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	program_done();
	return 0;
}
