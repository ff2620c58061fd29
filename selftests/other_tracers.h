/* SPDX-License-Identifier: GPL-2.0-only */
/* Another tracer, see other_tracers_events.c. */
#ifndef OTHER_TRACERS_H
#define OTHER_TRACERS_H

#include <stdbool.h>

/* The functions of the program "chain", from the allocator's caller on to main. */
#define TRACER_CHAIN 4

struct tracer_place {
	unsigned long start, size;
};

extern struct tracer_place tracer_place[TRACER_CHAIN];

bool tracer_is_possible(void);
void tracer_init(void);
void tracer_exit(void);
bool tracer_turn(bool on);

/* What it has counted at the entry of malloc. */
long tracer_hits_of_malloc(void);

#endif
