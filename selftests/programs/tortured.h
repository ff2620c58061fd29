/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The common part of torture.c and torture_jump.c, the targets of the test torture/torture. They
 * share memory with the processes that disturb them (../torture/torture.h), answer to the test
 * while eight threads work, and call exec from any of their threads now and then.
 *
 * Arguments: SEED, the file descriptor of the shared memory, the index of this target in it, the
 * path of a library; and "again" after an exec, in which case "ready" is not printed.
 *
 * Steps:
 *	turns	waits until each thread has done its work at least once
 *	count	allocates and keeps blocks, then as "turns"
 *	forget	frees these blocks, then as "turns"
 *	end	exits
 */
#ifndef TORTURED_H
#define TORTURED_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "../torture/torture.h"
#include "program.h"

#define TORTURED_KEPT 50

static struct torture *torture;
static unsigned int tortured_seed;
static int tortured_place;
static const char *tortured_library;
static char *tortured_words[7]; /* the arguments of the next exec */
static bool tortured_by_exec;	/* the program was started by exec */

static _Atomic unsigned long tortured_turns[TORTURE_THREADS];
static _Atomic unsigned long tortured_exec_by; /* the thread to call exec, from 1; 0: none */
static unsigned char *tortured_kept[TORTURED_KEPT];

/* Held during a step, and by the thread that calls exec, which never unlocks it. */
static pthread_mutex_t tortured_step_lock = PTHREAD_MUTEX_INITIALIZER;

/* A block contains its size and the byte that it is filled with. */
struct tortured_block {
	size_t size;
	unsigned char fill, bytes[];
};

static inline void tortured_check(const struct tortured_block *b)
{
	size_t i;

	for (i = 0; i < b->size; i++)
		if (b->bytes[i] != b->fill)
			program_die("a block has changed");
}

static inline void tortured_fill(struct tortured_block *b, size_t size, unsigned char fill)
{
	b->size = size;
	b->fill = fill;
	memset(b->bytes, fill, size);
}

/* SIGUSR1 is ignored across the exec: a pending one must not kill the new program. */
static inline void tortured_exec(void)
{
	if (torture->over || pthread_mutex_trylock(&tortured_step_lock))
		return;
	if (!torture_may_end(torture, tortured_place)) {
		pthread_mutex_unlock(&tortured_step_lock);
		return;
	}
	signal(SIGUSR1, SIG_IGN);
	torture->exec_calls++;
	execv("/proc/self/exe", tortured_words);
	program_die("exec");
}

/* Called by each thread at the end of each turn of its work. */
static inline void tortured_turn(unsigned long self)
{
	tortured_turns[self]++;
	if (tortured_exec_by == self + 1) {
		tortured_exec_by = 0;
		tortured_exec();
	}
}

/* Waits until each thread has ended two turns: one of them has started after this call. */
static inline void tortured_wait_for_turns(void)
{
	unsigned long before[TORTURE_THREADS];
	int i;

	for (i = 0; i < TORTURE_THREADS; i++)
		before[i] = tortured_turns[i];
	for (i = 0; i < TORTURE_THREADS; i++)
		while (tortured_turns[i] < before[i] + 2)
			usleep(1000);
}

static inline size_t tortured_size(int i)
{
	return 100 + 7 * i;
}

/* The threads continue their work meanwhile. */
static inline void tortured_count(void)
{
	int i;

	for (i = 0; i < TORTURED_KEPT; i++) {
		tortured_kept[i] = malloc(tortured_size(i));
		if (!tortured_kept[i])
			program_die("malloc");
		memset(tortured_kept[i], i, tortured_size(i));
		program_keep(tortured_kept[i], tortured_size(i));
		usleep(1000);
	}
}

static inline void tortured_forget(void)
{
	size_t k;
	int i;

	for (i = 0; i < TORTURED_KEPT; i++) {
		for (k = 0; k < tortured_size(i); k++)
			if (tortured_kept[i][k] != i)
				program_die("a kept block has changed");
		program_drop(tortured_kept[i]);
		free(tortured_kept[i]);
	}
}

static inline void tortured_answer(void)
{
	char what = program_step();

	if (what == 'e')
		_exit(0);
	if (what == 'c')
		tortured_count();
	if (what == 'f')
		tortured_forget();
	tortured_wait_for_turns();
	program_print_kept();
}

/* Reads the arguments; to be called first. */
static inline void tortured_begin(int argc, char **argv)
{
	int i;

	if (argc < 5)
		_exit(1);
	torture = mmap(NULL, sizeof(*torture), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[2]),
		       0);
	if (torture == MAP_FAILED)
		program_die("mmap of the shared memory");
	/* The processes that disturb this one have priority. */
	setpriority(PRIO_PROCESS, 0, 10);
	tortured_seed = atoi(argv[1]) + 1000 * torture->exec_calls;
	tortured_place = atoi(argv[3]);
	tortured_library = argv[4];
	tortured_by_exec = argc > 5;
	for (i = 0; i < 5; i++)
		tortured_words[i] = argv[i];
	tortured_words[5] = "again";
}

/*
 * Prints "ready" and starts the threads. In this order, because the threads may call _exit() as
 * soon as they run, and the test fails if a program exits before it is ready.
 */
static inline void tortured_start(void *(*work)(void *))
{
	pthread_t thread;
	long i;

	if (!tortured_by_exec)
		program_say("ready %d\n", (int)getpid());
	for (i = 0; i < TORTURE_THREADS; i++)
		if (pthread_create(&thread, NULL, work, (void *)i))
			program_die("pthread_create");
}

/* The main thread: does steps, and every few seconds lets a thread call exec. Does not return. */
static inline void tortured_serve(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned int seed = tortured_seed, by;

	if (tortured_by_exec)
		torture->ending[tortured_place]--;
	for (;;) {
		if (poll(&input, 1, 1000 + torture_next(&seed) % 4000) > 0) {
			pthread_mutex_lock(&tortured_step_lock);
			tortured_answer();
			pthread_mutex_unlock(&tortured_step_lock);
			continue;
		}
		by = torture_next(&seed) % (TORTURE_THREADS + 1);
		if (by)
			tortured_exec_by = by;
		else
			tortured_exec();
	}
}

#endif
