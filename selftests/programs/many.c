// SPDX-License-Identifier: GPL-2.0-only
/*
 * many COUNT THREADS [CHURN]: many blocks. First step: THREADS threads allocate and keep COUNT
 * blocks of 16 to 79 bytes, which are printed as sums only. Second step: CHURN more threads
 * allocate and free until the third step, each with at most 64 blocks at a time.
 *
 * Used by limits, readers, control_syntax and exact_storms.
 */
#include <pthread.h>
#include <stdbool.h>

#include "program.h"

#define HELD 64

static pthread_barrier_t made, churning, churned;
static long count, threads, churn;
static _Atomic bool stop;

static void *keep_blocks(void *arg)
{
	long i, share = count / threads + ((long)arg < count % threads);

	pthread_barrier_wait(&made);
	for (i = 0; i < share; i++) {
		size_t size = 16 + i % 64;
		void *p = malloc(size);

		if (!p)
			program_die("malloc");
		program_keep_uncounted(p, size);
	}
	pthread_barrier_wait(&made);
	for (;;)
		pause();
	return NULL;
}

static void *come_and_go(void *arg)
{
	void *held[HELD] = { 0 };
	unsigned long i;

	(void)arg;
	pthread_barrier_wait(&churning);
	for (i = 0; !stop; i++) {
		free(held[i % HELD]);
		held[i % HELD] = malloc(100 + i % 1000);
	}
	for (i = 0; i < HELD; i++)
		free(held[i]);
	pthread_barrier_wait(&churned);
	for (;;)
		pause();
	return NULL;
}

static void start_threads(void *(*run)(void *), long how_many)
{
	pthread_t thread;
	long i;

	for (i = 0; i < how_many; i++)
		if (pthread_create(&thread, NULL, run, (void *)i))
			program_die("pthread_create");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 1;
	count = atol(argv[1]);
	threads = atol(argv[2]);
	churn = argc > 3 ? atol(argv[3]) : 0;
	pthread_barrier_init(&made, NULL, threads + 1);
	pthread_barrier_init(&churning, NULL, churn + 1);
	pthread_barrier_init(&churned, NULL, churn + 1);
	start_threads(keep_blocks, threads);
	start_threads(come_and_go, churn);
	program_ready();
	pthread_barrier_wait(&made);
	pthread_barrier_wait(&made);
	program_done();
	pthread_barrier_wait(&churning);
	program_done();
	stop = true;
	pthread_barrier_wait(&churned);
	program_done();
	return 0;
}
