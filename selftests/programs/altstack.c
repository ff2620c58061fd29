// SPDX-License-Identifier: GPL-2.0-only
/*
 * altstack: a thread whose signal handler runs on an alternate stack at a higher address than its
 * own stack, and at a lower one. The signal interrupts malloc (toy_alloc.c), and the handler
 * allocates. The thread is created before "ready".
 *
 * Used by exits.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "program.h"

#define SIZE (256ul << 10)

extern volatile int toy_armed;

static char *stacks; /* an alternate stack, the thread's stack, another alternate stack */
static pthread_barrier_t barrier;

static void allocate_in_handler(int sig)
{
	char here;

	(void)sig;
	if (&here >= stacks + SIZE && &here < stacks + 2 * SIZE)
		program_die("the handler does not run on the alternate stack");
	program_keep(malloc(600), 600);
	program_keep(realloc(malloc(610), 620), 620);
	free(malloc(630));
}

static void interrupt_on(char *stack)
{
	const stack_t alternate = { .ss_sp = stack, .ss_size = SIZE };
	void *p;

	if (sigaltstack(&alternate, NULL))
		program_die("sigaltstack");
	toy_armed = 1;
	p = malloc(640);
	program_keep(p, 640);
	toy_armed = 1;
	program_keep(realloc(p, 650), 650);
	program_drop(p);
}

static void *run_thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	interrupt_on(stacks);
	interrupt_on(stacks + 2 * SIZE);
	interrupt_on(stacks);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return arg;
}

int main(void)
{
	const struct sigaction action = { .sa_handler = allocate_in_handler,
					  .sa_flags = SA_ONSTACK };
	pthread_attr_t attributes;
	pthread_t thread;

	stacks = mmap(NULL, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stacks == MAP_FAILED)
		program_die("mmap");
	sigaction(SIGUSR1, &action, NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stacks + SIZE, SIZE);
	if (pthread_create(&thread, &attributes, run_thread, NULL))
		program_die("pthread_create");
	program_ready();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	program_done();
	return 0;
}
