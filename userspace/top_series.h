/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_SERIES_H
#define MU_TOP_SERIES_H

#include <stddef.h>
#include <stdint.h>

/* Samples that are kept. */
#define MU_TOP_SAMPLES 24

/**
 * struct mu_top_series - the last samples of one quantity
 * @nr: number of samples
 * @ms: their times, rising
 * @value: their values
 */
struct mu_top_series {
	size_t nr;
	uint64_t ms[MU_TOP_SAMPLES];
	uint64_t value[MU_TOP_SAMPLES];
};

/**
 * struct mu_top_trend - how a quantity has changed
 * @change: from the first sample to the last one
 * @per_minute: its slope
 * @grew: intervals in which it grew
 * @intervals: number of intervals
 * @ms: from the first sample to the last one
 */
struct mu_top_trend {
	int64_t change;
	double per_minute;
	unsigned int grew, intervals;
	uint64_t ms;
};

void mu_top_series_add(struct mu_top_series *s, uint64_t ms, uint64_t value);
struct mu_top_trend mu_top_series_trend(const struct mu_top_series *s);

#endif
