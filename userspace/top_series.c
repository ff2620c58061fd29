// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trend of a quantity that is sampled.
 *
 * The slope is the median of the slopes between all pairs of samples, so that a minority of samples
 * that deviate does not change it. A jump in the middle of the window lies between more than half
 * of the pairs, though: a step that is larger than all other growth together is therefore taken out
 * before. No state and no input, depends on nothing.
 */
#include "top_series.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX (MU_TOP_SAMPLES * (MU_TOP_SAMPLES - 1) / 2)
#define MINUTE_MS 60000.0
/* With fewer intervals, the largest step of a steady growth may well be most of it. */
#define MIN_INTERVALS_OF_JUMP 3

/**
 * mu_top_series_add() - add a sample
 * @s: the series; its oldest sample is dropped if it is full
 * @ms: the time; a sample that is not later than the last one replaces that
 * @value: the value
 */
void mu_top_series_add(struct mu_top_series *s, uint64_t ms, uint64_t value)
{
	if (s->nr && ms <= s->ms[s->nr - 1]) {
		s->value[s->nr - 1] = value;
		return;
	}
	if (s->nr == MU_TOP_SAMPLES) {
		memmove(s->ms, s->ms + 1, sizeof(s->ms) - sizeof(s->ms[0]));
		memmove(s->value, s->value + 1, sizeof(s->value) - sizeof(s->value[0]));
		s->nr--;
	}
	s->ms[s->nr] = ms;
	s->value[s->nr++] = value;
}

static int64_t step_before(const struct mu_top_series *s, size_t i)
{
	return (int64_t)(s->value[i] - s->value[i - 1]);
}

static unsigned int count_growing(const struct mu_top_series *s)
{
	unsigned int grew = 0;

	for (size_t i = 1; i < s->nr; i++)
		grew += step_before(s, i) > 0;
	return grew;
}

/* Return: the index of the sample after the jump, 0 if there is no jump. */
static size_t find_jump(const struct mu_top_series *s)
{
	int64_t largest = 0, growth = 0;
	size_t at = 0;

	for (size_t i = 1; i < s->nr; i++) {
		int64_t step = step_before(s, i);

		if (step > 0)
			growth += step;
		if (step > largest) {
			largest = step;
			at = i;
		}
	}
	return s->nr > MIN_INTERVALS_OF_JUMP && largest > growth - largest ? at : 0;
}

static void take_out_jump(struct mu_top_series *s)
{
	size_t at = find_jump(s);
	int64_t step = at ? step_before(s, at) : 0;

	for (size_t i = at; at && i < s->nr; i++)
		s->value[i] -= step;
}

static int compare_slopes(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The values may be below zero without the jump, so only differences are used. */
static double median_slope(const struct mu_top_series *s)
{
	double slope[PAIRS_MAX];
	size_t nr = 0;

	for (size_t i = 0; i < s->nr; i++)
		for (size_t j = i + 1; j < s->nr; j++)
			slope[nr++] = (int64_t)(s->value[j] - s->value[i]) * MINUTE_MS /
				      (s->ms[j] - s->ms[i]);
	if (!nr)
		return 0;
	qsort(slope, nr, sizeof(slope[0]), compare_slopes);
	return (slope[(nr - 1) / 2] + slope[nr / 2]) / 2;
}

/* The memory of most processes does not change. */
static bool is_constant(const struct mu_top_series *s)
{
	for (size_t i = 1; i < s->nr; i++)
		if (s->value[i] != s->value[0])
			return false;
	return true;
}

/**
 * mu_top_series_trend() - compute the trend
 * @s: the series
 *
 * Return: the trend; all zero for less than two samples.
 */
struct mu_top_trend mu_top_series_trend(const struct mu_top_series *s)
{
	struct mu_top_trend trend = {};
	struct mu_top_series steady;

	if (s->nr < 2)
		return trend;
	trend.intervals = s->nr - 1;
	trend.ms = s->ms[s->nr - 1] - s->ms[0];
	if (is_constant(s))
		return trend;
	trend.change = (int64_t)(s->value[s->nr - 1] - s->value[0]);
	trend.grew = count_growing(s);
	steady = *s;
	take_out_jump(&steady);
	trend.per_minute = median_slope(&steady);
	return trend;
}
