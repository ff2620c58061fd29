// SPDX-License-Identifier: GPL-2.0-only
/*
 * balance THREADS: each thread allocates, moves and frees without an end and
 * never holds more than one block.
 *
 * The first step lets them run.  Then each step is a word of the test:
 * "quiet" stops them, the odd ones with a block in hand, which is kept;
 * "again" lets them go on; "turns" comes back when each has freed at least one
 * block and made at least one since.
 */
#include <pthread.h>
#include <stdbool.h>

#include "program.h"

#define MAX_THREADS 64

static int threads;
static pthread_barrier_t stopped, resumed;
static _Atomic bool quiet;
static _Atomic unsigned long turns[MAX_THREADS];

static void *turn(unsigned long i, size_t *size)
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

static void be_quiet(void *p, size_t size)
{
	if (p)
		program_keep(p, size);
	pthread_barrier_wait(&stopped);
	pthread_barrier_wait(&resumed);
	if (p)
		program_drop(p);
}

static void *work(void *arg)
{
	unsigned long self = (unsigned long)arg, i;
	size_t size;
	void *p;

	pthread_barrier_wait(&resumed);
	for (i = self;; i++) {
		bool stop = quiet;

		p = turn(i, &size);
		if (stop && self % 2)
			be_quiet(p, size);
		free(p);
		if (stop && self % 2 == 0)
			be_quiet(NULL, 0);
		turns[self]++;
		/* Who attaches wants a processor too, or the test takes minutes. */
		if (i % 32 == 0)
			usleep(2000);
	}
	return NULL;
}

/* Two ends of a turn: at least one whole turn lies between them. */
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

static void act(char word)
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
		if (pthread_create(&thread, NULL, work, (void *)i))
			program_die("pthread_create");
	program_ready();
	pthread_barrier_wait(&resumed);
	for (;;)
		act(program_done());
}
