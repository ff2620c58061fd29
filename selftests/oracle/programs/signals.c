// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sorts numbers and is interrupted often by a signal, whose handler runs on an alternate stack.
 * Only the handler allocates: it never interrupts the allocator.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

/* Few enough for qsort() not to allocate. */
#define NUMBERS 200
#define KEPT 64

static volatile unsigned long sum;
static void *kept[KEPT];

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static void sort_numbers(unsigned int seed)
{
	int numbers[NUMBERS];
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		numbers[i] = rand_r(&seed);
	qsort(numbers, NUMBERS, sizeof(numbers[0]), compare_ints);
	sum += numbers[0];
}

static void handle_alarm(int signal)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sort_numbers(now.tv_nsec + signal);
	free(kept[now.tv_nsec % KEPT]);
	kept[now.tv_nsec % KEPT] = malloc(now.tv_nsec % 1000);
}

int main(void)
{
	const struct itimerval often = { { 0, 300 }, { 0, 300 } };
	struct sigaction action = { .sa_handler = handle_alarm,
				    .sa_flags = SA_ONSTACK | SA_RESTART };
	const stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	struct timespec now;

	sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;) {
		sort_numbers(1);
		clock_gettime(CLOCK_REALTIME, &now);
	}
}
