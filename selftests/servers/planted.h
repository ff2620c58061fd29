/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A leak that is planted, for the files planted_*.c. Each call writes a line to a file, with the
 * PID and the bytes: the exact numbers that a report has to show for each process.
 *
 * With REPAIRED the same code frees its blocks.
 */
#ifndef PLANTED_H
#define PLANTED_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* On a tmpfs, where writes to the end of a file do not mix. The workers may write to it. */
#define PLANTED_FILE "/run/planted/calls"

/* Called after the allocation. Neither open() nor snprintf() allocates here. */
static inline void write_planted(size_t size)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%d %zu\n", getpid(), size);
	int fd = open(PLANTED_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 || write(fd, line, length) != length)
		abort();
	close(fd);
}

/* A part of each leaking function, so that this function is the one that calls malloc. */
static inline __attribute__((always_inline)) void plant(size_t size)
{
	void *block = malloc(size);

	if (!block)
		abort();
	memset(block, 1, size);
	write_planted(size);
#ifdef REPAIRED
	free(block);
#endif
}

#endif
