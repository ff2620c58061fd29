// SPDX-License-Identifier: GPL-2.0-only
/*
 * The leaking program of "make demo" (../vm/demo) and of tool/guide.sh: main() starts a thread that
 * computes Fibonacci numbers once a second in memory that is never freed, and prints the last of
 * them. With -DREPAIRED it frees the memory. Built without -O. It does not use the protocol of
 * program.h.
 *
 * The names of the functions are part of the output of the demo.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NUMBERS 1024

static long long *fibonacci(int nth)
{
	long long *v = calloc(NUMBERS, sizeof(*v));
	int i;

	if (!v)
		exit(1);
	v[1] = 1;
	for (i = 2; i <= nth && i < NUMBERS; i++)
		v[i] = (unsigned long long)v[i - 1] + v[i - 2];
	return v;
}

static void *child(void *unused)
{
	long long *v;
	int nth;

	(void)unused;
	for (nth = 2; nth < NUMBERS; nth++) {
		v = fibonacci(nth);
		printf("%dth => %lld\n", nth, v[nth]);
		fflush(stdout);
#ifdef REPAIRED
		free(v);
#endif
		sleep(1);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, child, NULL))
		return 1;
	pthread_join(thread, NULL);
	return 0;
}
