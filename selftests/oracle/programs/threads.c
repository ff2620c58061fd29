// SPDX-License-Identifier: GPL-2.0-only
/* Threads that allocate, sort strings, wait for each other, and end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void *sort_lines(void *arg)
{
	char *lines[64];
	size_t i, n;

	for (n = 0; n < 200; n++) {
		for (i = 0; i < 64; i++)
			if (asprintf(&lines[i], "%zu %f %p", i * n % 61, i * 1.7, arg) < 0)
				abort();
		pthread_mutex_lock(&lock);
		qsort(lines, 64, sizeof(lines[0]), compare_lines);
		pthread_mutex_unlock(&lock);
		for (i = 0; i < 64; i++)
			free(lines[i]);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[4];
	int i;

	for (;;) {
		for (i = 0; i < 4; i++)
			pthread_create(&thread[i], NULL, sort_lines, &thread[i]);
		for (i = 0; i < 4; i++)
			pthread_join(thread[i], NULL);
	}
}
