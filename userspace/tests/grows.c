// SPDX-License-Identifier: GPL-2.0-only
/* Grow by as many KiB as the first argument says, each time that the second one says, in us. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	size_t size = argc > 2 ? atoi(argv[1]) * 1024 - 16 : 0;
	struct timespec next, step = { .tv_nsec = argc > 2 ? atol(argv[2]) * 1000 : 0 };
	char *block;

	clock_gettime(CLOCK_MONOTONIC, &next);
	while (size && (block = malloc(size))) {
		memset(block, 1, size);
		next.tv_nsec += step.tv_nsec;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return 1;
}
