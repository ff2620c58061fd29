/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What those who are tortured have in common: they share a map with their torturers, answer to
 * the test while eight threads work, and call exec from any of their threads now and then.
 *
 * Arguments: SEED, the descriptor of the map, the place in it, a library; at the end "again" when
 * it comes from exec, which the test need not hear of.
 *
 * Lines: "turns" is answered when each thread has gone on, "count" as well, with blocks that are
 * kept from then on, "forget" ends that, "end" ends all.
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
static char *tortured_words[7]; /* of the next exec */
static bool tortured_anew;	/* it comes from one */

static _Atomic unsigned long tortured_turns[TORTURE_THREADS];
static _Atomic unsigned long tortured_exec_by; /* the thread that is to, counted from 1 */
static unsigned char *tortured_kept[TORTURED_KEPT];

/* Of who reads a line and answers it; of who calls exec, for ever. */
static pthread_mutex_t tortured_tells = PTHREAD_MUTEX_INITIALIZER;

/* A block carries what it must hold. */
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

/* A signal that is on its way must not meet a program that does not know it. */
static inline void tortured_exec(void)
{
	if (torture->over || pthread_mutex_trylock(&tortured_tells))
		return;
	if (!torture_may_end(torture, tortured_place)) {
		pthread_mutex_unlock(&tortured_tells);
		return;
	}
	signal(SIGUSR1, SIG_IGN);
	torture->exec_calls++;
	execv("/proc/self/exe", tortured_words);
	program_die("exec");
}

/* Each thread's, again and again. */
static inline void tortured_turn(unsigned long self)
{
	unsigned long me = self + 1;

	tortured_turns[self]++;
	if (tortured_exec_by == me) {
		tortured_exec_by = 0;
		tortured_exec();
	}
}

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

/* Beside what the threads do, which goes on. */
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
	program_tell();
}

/* First of all. */
static inline void tortured_begin(int argc, char **argv)
{
	int i;

	if (argc < 5)
		_exit(1);
	torture = mmap(NULL, sizeof(*torture), PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[2]),
		       0);
	if (torture == MAP_FAILED)
		program_die("the map");
	/* Those who torture come first. */
	setpriority(PRIO_PROCESS, 0, 10);
	tortured_seed = atoi(argv[1]) + 1000 * torture->exec_calls;
	tortured_place = atoi(argv[3]);
	tortured_library = argv[4];
	tortured_anew = argc > 5;
	for (i = 0; i < 5; i++)
		tortured_words[i] = argv[i];
	tortured_words[5] = "again";
}

/*
 * Before there are threads: they may leave by _exit() as soon as they run, and a program that ends
 * before it is ready is one that came to harm.
 */
static inline void tortured_ready(void)
{
	if (!tortured_anew)
		program_say("ready %d\n", (int)getpid());
}

static inline void tortured_start(void *(*work)(void *))
{
	pthread_t thread;
	long i;

	tortured_ready();
	for (i = 0; i < TORTURE_THREADS; i++)
		if (pthread_create(&thread, NULL, work, (void *)i))
			program_die("pthread_create");
}

/* The main thread's part, for ever. */
static inline void tortured_serve(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned int seed = tortured_seed, who;

	if (tortured_anew)
		torture->ending[tortured_place]--;
	for (;;) {
		if (poll(&input, 1, 1000 + torture_next(&seed) % 4000) > 0) {
			pthread_mutex_lock(&tortured_tells);
			tortured_answer();
			pthread_mutex_unlock(&tortured_tells);
			continue;
		}
		who = torture_next(&seed) % (TORTURE_THREADS + 1);
		if (who)
			tortured_exec_by = who;
		else
			tortured_exec();
	}
}

#endif
