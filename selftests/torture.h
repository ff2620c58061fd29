/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processes of the torture share: see torture.c. */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <sys/types.h>

#define TORTURE_TARGETS 3

struct torture {
	_Atomic pid_t target[TORTURE_TARGETS];
	_Atomic bool over;
	_Atomic bool hush; /* nobody opens a file, so that the module can go */
	_Atomic unsigned long attaches, refused, detaches, clears, reads, stops, traced, steps;
	unsigned long unloads, busy, kills, events, exact;
};

static inline unsigned int torture_next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

void torture_command(struct torture *t, unsigned int seed);
void torture_read(struct torture *t, unsigned int seed);
void torture_stop(struct torture *t, unsigned int seed);
void torture_trace(struct torture *t, unsigned int seed);

#endif
