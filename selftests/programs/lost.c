// SPDX-License-Identifier: GPL-2.0-only
/*
 * lost: blocks that it refers to, and blocks that it has lost. The steps, in any order:
 *
 *	lose	loses 10 blocks of 8192 bytes and a list of 3 of 1008 bytes, and keeps one more
 *	keep	keeps 5 blocks of 500 bytes in globals, one of 700 bytes by a pointer into it, and
 *		one of 900 bytes in a variable of a thread that is blocked
 *	find	forgets what "keep" has kept in globals
 *	work	counts, in another thread, until the end
 *	trace	is traced by a child of its own until the end
 *
 * At each step it prints "done COUNT 0 0 0", where COUNT is what "work" has counted.
 *
 * Used by tool/leaks.sh.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "program.h"

#define KEPT 5

/* volatile: otherwise the compiler does not store what nothing reads. */
static void *volatile kept[KEPT];
static char *volatile inside;
static void *volatile last;
static volatile unsigned long counted;

/* Overwrite what other functions have left on the stack. */
__attribute__((noinline)) static void overwrite_stack(void)
{
	volatile char bytes[8192];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0;
}

__attribute__((noinline)) static void *allocate(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		program_die("calloc");
	return p;
}

__attribute__((noinline)) static void lose_blocks(void)
{
	void *volatile *list = NULL, *volatile * item;
	int i;

	for (i = 0; i < 10; i++)
		allocate(8192);
	for (i = 0; i < 3; i++) {
		item = allocate(1008);
		item[0] = (void *)list;
		list = item;
	}
	/* Words that these calls leave behind refer to the last block. */
	last = allocate(1008);
}

static void *keep_in_variable(void *unused)
{
	void *volatile block = allocate(900);

	(void)unused;
	for (;;)
		pause();
	return block;
}

static void *count_on(void *unused)
{
	(void)unused;
	for (;;) {
		counted++;
		usleep(1000);
	}
	return NULL;
}

static void start_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		program_die("pthread_create");
}

__attribute__((noinline)) static void keep_blocks(void)
{
	int i;

	for (i = 0; i < KEPT; i++)
		kept[i] = allocate(500);
	inside = (char *)allocate(700) + 8;
	start_thread(keep_in_variable);
	usleep(100000);
}

/* The child's first allowed request is the last thing that it does before it blocks. */
static void start_tracer(void)
{
	pid_t parent = getpid(), child;
	char ready = 0;
	int fds[2];

	if (pipe(fds))
		program_die("pipe");
	child = fork();
	if (child < 0)
		program_die("fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!ptrace(PTRACE_SEIZE, parent, 0, 0) && write(fds[1], "r", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(fds[1]);
	if (read(fds[0], &ready, 1) != 1 || ready != 'r')
		program_die("ptrace");
	close(fds[0]);
}

int main(void)
{
	char step;

	program_say("ready %d\n", (int)getpid());
	while ((step = program_step()) != 'e') {
		if (step == 'l')
			lose_blocks();
		else if (step == 'k')
			keep_blocks();
		else if (step == 'f')
			memset((void *)kept, 0, sizeof(kept));
		else if (step == 'w')
			start_thread(count_on);
		else if (step == 't')
			start_tracer();
		overwrite_stack();
		program_say("done %lu 0 0 0\n", counted);
	}
	return 0;
}
