/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_ROWS_H
#define MU_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report.h"

/**
 * struct mu_allocation - an outstanding allocation
 * @address: its address
 * @size: its size in bytes
 * @age_ms: its age in milliseconds
 * @stack: id of the stack that made it
 */
struct mu_allocation {
	uint64_t address;
	uint64_t size;
	uint64_t age_ms;
	uint64_t stack;
};

/**
 * struct mu_allocations - the outstanding allocations of a target
 * @rows: the allocations
 * @nr: number of @rows
 * @capacity: allocated elements of @rows
 * @errors: number of malformed lines
 */
struct mu_allocations {
	struct mu_allocation *rows;
	size_t nr;
	size_t capacity;
	size_t errors;
};

/**
 * struct mu_filter - which allocations are shown
 * @min: smallest size in bytes
 * @max: largest size in bytes
 * @older: smallest age in milliseconds
 */
struct mu_filter {
	uint64_t min;
	uint64_t max;
	uint64_t older;
};

bool mu_filter_is_set(const struct mu_filter *filter);
struct mu_allocations *mu_allocations_read(FILE *in, const struct mu_filter *filter);
void mu_allocations_free(struct mu_allocations *allocations);
void mu_allocations_drop(struct mu_allocations *allocations, const struct mu_left_out *out);
void mu_allocations_regroup(const struct mu_allocations *allocations, struct mu_target *target);

uint64_t mu_stats_value(FILE *in, const char *name);

#endif
