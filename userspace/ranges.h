/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_RANGES_H
#define MU_RANGES_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct mu_range - a range of addresses
 * @start: first address
 * @end: first address behind it
 */
struct mu_range {
	uint64_t start;
	uint64_t end;
};

/**
 * struct mu_ranges - a set of addresses
 * @at: ranges, by address, without overlaps
 * @nr: number of @at
 * @capacity: allocated elements of @at
 */
struct mu_ranges {
	struct mu_range *at;
	size_t nr;
	size_t capacity;
};

void mu_ranges_add(struct mu_ranges *ranges, uint64_t start, uint64_t end);
struct mu_ranges mu_ranges_intersect(const struct mu_ranges *a, const struct mu_ranges *b);
struct mu_ranges mu_ranges_subtract(const struct mu_ranges *a, const struct mu_ranges *b);
struct mu_ranges mu_ranges_disjoint(struct mu_range *parts, size_t nr);
struct mu_ranges mu_ranges_to_pages(const struct mu_ranges *ranges, uint64_t page);
uint64_t mu_ranges_bytes(const struct mu_ranges *ranges);
void mu_ranges_free(struct mu_ranges *ranges);

#endif
