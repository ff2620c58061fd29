// SPDX-License-Identifier: GPL-2.0-only
/* The trend of a series of samples. */
#include <stdlib.h>

#include "mem.h"
#include "tap.h"
#include "top_series.h"

#define MIB (1024 * 1024)

static void is_slope(const struct mu_top_series *s, double wanted, const char *claim)
{
	double got = mu_top_series_trend(s).per_minute;

	if (!tap_ok(got == wanted, claim))
		printf("#  wanted: %f\n#     got: %f\n", wanted, got);
}

/* Samples each 5 s. */
static struct mu_top_series make_series(const int *mib, size_t nr)
{
	struct mu_top_series s = {};

	for (size_t i = 0; i < nr; i++)
		mu_top_series_add(&s, 1000 + i * 5000, (uint64_t)mib[i] * MIB);
	return s;
}

static void test_short(void)
{
	struct mu_top_series s = {};
	struct mu_top_trend trend = mu_top_series_trend(&s);

	is_number(trend.intervals, 0, "a series without samples has no interval");
	is_slope(&s, 0, "and no slope");
	mu_top_series_add(&s, 1000, 7);
	is_slope(&s, 0, "nor has one sample");
	mu_top_series_add(&s, 6000, 7 + MIB);
	is_slope(&s, 12.0 * MIB, "two samples have the slope between them");
	mu_top_series_add(&s, 6000, 7 + 2 * MIB);
	is_number(s.nr, 2, "a sample of the same time replaces the last one");
	is_slope(&s, 24.0 * MIB, "and its slope");
	mu_top_series_add(&s, 5000, 7);
	is_number(s.nr, 2, "a time that goes backwards adds no sample");
}

static void test_steady(void)
{
	struct mu_top_series s = {};
	struct mu_top_trend trend;

	for (unsigned int i = 0; i < 30; i++)
		mu_top_series_add(&s, i * 5000, (100 + i) * MIB);
	trend = mu_top_series_trend(&s);
	is_number(trend.intervals, 23, "24 samples are kept");
	is_number(trend.grew, 23, "each interval of a steady growth grew");
	is_number(trend.change, 23 * MIB, "the change is that of the samples that are kept");
	is_number(trend.ms, 23 * 5000, "so is the time");
	is_slope(&s, 12.0 * MIB, "the slope of a steady growth is exact");
}

static void test_shrinking(void)
{
	static const int mib[] = { 100, 90, 80, 70 };
	struct mu_top_series s = make_series(mib, 4);
	struct mu_top_trend trend = mu_top_series_trend(&s);

	is_slope(&s, -120.0 * MIB, "a decrease has a negative slope");
	tap_ok(trend.change == -30 * MIB && !trend.grew, "and a negative change");
}

static void test_median(void)
{
	/* Slopes per interval: 1 4 2 | 2.5 3 | 7/3. */
	static const int mib[] = { 0, 1, 5, 7 };
	struct mu_top_series s = make_series(mib, 4);

	/* The step of 4 is more than the other 3: without it the values are 0 1 1 3. */
	/* 1 0 2 | 0.5 1 | 1 */
	is_slope(&s, 12.0 * MIB, "the slope is the median of the pairs");
	is_number(mu_top_series_trend(&s).change, 7 * MIB, "a jump is part of the change");
}

/* At any place in the window. */
static void test_one_jump(void)
{
	bool flat = true, steady = true, counted = true;

	for (unsigned int at = 1; at < 24; at++) {
		struct mu_top_series jump = {}, leak = {};

		for (unsigned int i = 0; i < 24; i++) {
			mu_top_series_add(&jump, i * 5000, (i < at ? 10 : 500) * (uint64_t)MIB);
			mu_top_series_add(&leak, i * 5000,
					  ((i < at ? 10 : 500) + i) * (uint64_t)MIB);
		}
		flat &= mu_top_series_trend(&jump).per_minute == 0;
		counted &= mu_top_series_trend(&jump).grew == 1;
		steady &= mu_top_series_trend(&leak).per_minute > 11.0 * MIB &&
			  mu_top_series_trend(&leak).per_minute <= 12.0 * MIB;
	}
	tap_ok(flat, "one jump has no slope");
	tap_ok(counted, "it is one interval that grew");
	tap_ok(steady, "a leak with a jump has the slope of the leak");
}

static void test_steps(void)
{
	struct mu_top_series s = {};

	/* An arena that grows by 1 MiB each fourth interval. */
	for (unsigned int i = 0; i < 24; i++)
		mu_top_series_add(&s, i * 5000, i / 4 * MIB);
	tap_ok(mu_top_series_trend(&s).per_minute > 2.5 * MIB &&
		       mu_top_series_trend(&s).per_minute < 3.5 * MIB,
	       "a growth in steps has the slope of the steps");
	is_number(mu_top_series_trend(&s).grew, 5, "in few intervals");
}

static void test_sawtooth(void)
{
	struct mu_top_series s = {};

	for (unsigned int i = 0; i < 24; i++)
		mu_top_series_add(&s, i * 5000, (100 + i % 4 * 50) * MIB);
	tap_ok(mu_top_series_trend(&s).per_minute < 10.0 * MIB,
	       "memory that is collected again and again has nearly no slope");
}

static void test_uneven_times(void)
{
	struct mu_top_series s = {};

	mu_top_series_add(&s, 0, 0);
	mu_top_series_add(&s, 1000, MIB);
	mu_top_series_add(&s, 61000, 61ULL * MIB);
	is_slope(&s, 60.0 * MIB, "a late sample does not change the slope");
}

int main(void)
{
	test_short();
	test_steady();
	test_shrinking();
	test_median();
	test_one_jump();
	test_steps();
	test_sawtooth();
	test_uneven_times();
	return done_testing();
}
