// SPDX-License-Identifier: GPL-2.0-only
/*
 * Works, and is interrupted all the time by a signal whose handler works on a stack of its own.
 * Only the handler allocates: what it interrupts is never the allocator.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

/* Less than what qsort allocates for. */
#define NUMBERS 200
#define KEPT 64

static volatile unsigned long sum;
static void *kept[KEPT];

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static void work(unsigned int seed)
{
	int numbers[NUMBERS];
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		numbers[i] = rand_r(&seed);
	qsort(numbers, NUMBERS, sizeof(numbers[0]), compare);
	sum += numbers[0];
}

static void handle(int signal)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	work(now.tv_nsec + signal);
	free(kept[now.tv_nsec % KEPT]);
	kept[now.tv_nsec % KEPT] = malloc(now.tv_nsec % 1000);
}

int main(void)
{
	const struct itimerval often = { { 0, 300 }, { 0, 300 } };
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_ONSTACK | SA_RESTART };
	const stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	struct timespec now;

	sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;) {
		work(1);
		clock_gettime(CLOCK_REALTIME, &now);
	}
}
