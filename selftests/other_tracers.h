/* SPDX-License-Identifier: GPL-2.0-only */
/* Another tracer for other_tracers.c, implemented in other_tracers_events.c. */
#ifndef OTHER_TRACERS_H
#define OTHER_TRACERS_H

#include <stdbool.h>

/* The number of functions of the program "chain", from the allocator's caller to main. */
#define TRACER_CHAIN 4

/**
 * struct tracer_place - where a function is in its file
 * @start: the address of its first byte
 * @size: its length in bytes
 */
struct tracer_place {
	unsigned long start, size;
};

/* The functions of the chain, innermost first; set by tracer_init(). */
extern struct tracer_place tracer_place[TRACER_CHAIN];

bool tracer_is_possible(void);
void tracer_init(void);
void tracer_exit(void);
bool tracer_turn(bool on);
long tracer_hits_of_malloc(void);
bool tracer_turn_on_frame(void);
long tracer_entries_of_frame(void);
long tracer_returns_of_frame(void);

#endif
