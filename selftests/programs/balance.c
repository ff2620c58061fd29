// SPDX-License-Identifier: GPL-2.0-only
/*
 * balance THREADS: each thread allocates, moves and frees a block again and again, one at a time.
 *
 * The first step, with any word, lets the threads run. The steps after that:
 *	quiet	stops the threads; those with an odd number keep a block
 *	again	lets the threads continue
 *	turns	waits until each thread has allocated and freed at least one block
 *	end	exits
 *
 * Used by lifecycle, races, readers, unload, exact_storms and other_tracers.
 */
#include <pthread.h>
#include <stdbool.h>

#include "program.h"

#define MAX_THREADS 64

static int threads;
static pthread_barrier_t stopped, resumed;
static _Atomic bool quiet;
static _Atomic unsigned long turns[MAX_THREADS];

static void *make_block(unsigned long i, size_t *size)
{
	void *p;

	*size = 16 + (i * 40) % 2400;
	p = i % 3 ? malloc(*size) : calloc(1, *size);
	if (i % 4 == 3) {
		*size *= 2;
		p = realloc(p, *size);
	}
	if (!p)
		program_die("malloc");
	return p;
}

/* Waits for the step "again"; keeps the block meanwhile, if there is one. */
static void pause_thread(void *p, size_t size)
{
	if (p)
		program_keep(p, size);
	pthread_barrier_wait(&stopped);
	pthread_barrier_wait(&resumed);
	if (p)
		program_drop(p);
}

static void *run_thread(void *arg)
{
	unsigned long self = (unsigned long)arg, i;
	size_t size;
	void *p;

	pthread_barrier_wait(&resumed);
	for (i = self;; i++) {
		bool stop = quiet;

		p = make_block(i, &size);
		if (stop && self % 2)
			pause_thread(p, size);
		free(p);
		if (stop && self % 2 == 0)
			pause_thread(NULL, 0);
		turns[self]++;
		/* Leave some CPU time to the attach, or the test takes minutes. */
		if (i % 32 == 0)
			usleep(2000);
	}
	return NULL;
}

/* Waits until each thread has ended two turns: one of them has started after this call. */
static void wait_for_turns(void)
{
	unsigned long before[MAX_THREADS];
	int i;

	for (i = 0; i < threads; i++)
		before[i] = turns[i];
	for (i = 0; i < threads; i++)
		while (turns[i] < before[i] + 2)
			usleep(1000);
}

static void do_step(char word)
{
	if (word == 'q') {
		quiet = true;
		pthread_barrier_wait(&stopped);
		quiet = false;
	} else if (word == 'a') {
		pthread_barrier_wait(&resumed);
	} else if (word == 't') {
		wait_for_turns();
	} else {
		_exit(0);
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long i;

	if (argc != 2)
		return 1;
	threads = atoi(argv[1]);
	pthread_barrier_init(&stopped, NULL, threads + 1);
	pthread_barrier_init(&resumed, NULL, threads + 1);
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, run_thread, (void *)i))
			program_die("pthread_create");
	program_ready();
	pthread_barrier_wait(&resumed);
	for (;;)
		do_step(program_done());
}
