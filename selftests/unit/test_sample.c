// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sample: sampling by bytes: its arithmetic compared with the C library's, and its estimates
 * with what was allocated.
 */
#include "sample.h"
#include "tap.h"

#include <math.h>
#include <stdlib.h>

#include <linux/kernel.h>

#define RUNS 100
#define CALLS 1000000

/* xorshift64*, by Vigna, "An experimental exploration of Marsaglia's xorshift generators". */
static u64 next_random(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static double weight_by_libm(u64 size, u32 mean)
{
	return -1 / expm1(-(double)size / mean);
}

static void test_weights(void)
{
	static const u32 means[] = { 1, 2, 3, 64, 4096, 524288, 1 << 20, 1 << 30, U32_MAX };
	double worst = 0;
	u64 size;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(means); i++) {
		for (size = 1; size < (u64)means[i] * 60; size += 1 + size / 7) {
			double seen = mlu_sample_weight(size, means[i]) / ldexp(1, 32);
			double error = fabs(seen / weight_by_libm(size, means[i]) - 1);

			worst = error > worst ? error : worst;
		}
	}
	tap_note("worst relative error of a weight: %.2g", worst);
	tap_ok(worst < 1e-7, "weights are those of the C library's exp()");
	tap_ok(mlu_sample_weight(U64_MAX, 1) == 1ULL << 32 &&
		       mlu_sample_weight(U64_MAX, U32_MAX) == 1ULL << 32,
	       "the largest block is always recorded");
}

static void test_gaps(void)
{
	static const u32 means[] = { 1, 64, 524288, 1 << 30, U32_MAX };
	double worst = 0, expected, error;
	u64 random;
	unsigned int i, step;

	for (i = 0; i < ARRAY_SIZE(means); i++) {
		for (step = 1; step < 64 * 16; step++) {
			/* Both ends of the range of random numbers, in small steps. */
			random = (u64)ldexp(1 + (step % 16) / 16., step / 16);
			random = step % 2 ? random : -random;
			expected = -log1pl(-(-random / ldexpl(1, 64))) * means[i];
			error = fabs(mlu_sample_gap(random, means[i]) - expected - .5) - .5;
			error /= expected + 1;
			worst = error > worst ? error : worst;
		}
	}
	tap_note("worst relative error of a gap: %.2g", worst);
	tap_ok(worst < 1e-5, "gaps are those of the C library's log()");
	tap_ok(mlu_sample_gap(0, U32_MAX) > U32_MAX && mlu_sample_gap(U64_MAX, U32_MAX) == 1,
	       "the first and the last random number have a gap");
}

/* The stacks of the known mix: the size of each one's blocks, and its share of the calls. */
static const struct mix {
	u64 size;
	unsigned int share;
} mix[] = {
	{ 16, 30 },  { 48, 20 },    { 200, 20 },    { 1000, 15 },
	{ 8192, 9 }, { 100000, 4 }, { 1000000, 1 }, { 30000000, 1 },
};

struct run {
	u64 made[ARRAY_SIZE(mix)];
	struct mlu_estimate estimate[ARRAY_SIZE(mix)];
};

static unsigned int choose_stack(u64 random)
{
	unsigned int at = random % 100, i = 0;

	while (at >= mix[i].share)
		at -= mix[i++].share;
	return i;
}

static void run_mix(struct run *run, u32 mean, u64 *state)
{
	u64 left = mlu_sample_gap(next_random(state), mean);
	unsigned int call, i;

	for (call = 0; call < CALLS; call++) {
		i = choose_stack(next_random(state) >> 8);
		run->made[i]++;
		if (left > mix[i].size) {
			left -= mix[i].size;
			continue;
		}
		left = mlu_sample_gap(next_random(state), mean);
		mlu_estimate_add(&run->estimate[i], mix[i].size,
				 mlu_sample_weight(mix[i].size, mean));
	}
}

struct result {
	unsigned int close_bytes, close_numbers; /* within 4 standard errors */
	double bias[ARRAY_SIZE(mix)];
};

static bool is_close(double estimate, double real, double error)
{
	return fabs(estimate - real) <= 4 * error + 1;
}

static void run_all(struct result *result, u32 mean)
{
	double sum[ARRAY_SIZE(mix)] = {}, real[ARRAY_SIZE(mix)] = {};
	u64 state = 0x9e3779b97f4a7c15ULL;
	unsigned int round, i;

	for (round = 0; round < RUNS; round++) {
		struct run run = {};

		run_mix(&run, mean, &state);
		for (i = 0; i < ARRAY_SIZE(mix); i++) {
			const struct mlu_estimate *e = &run.estimate[i];
			double bytes = (double)run.made[i] * mix[i].size;
			/* An estimate of 0 has no error: use that of one block. */
			double error = e->bytes ? mlu_estimate_bytes_error(e) : mean;
			double number_error = e->bytes ? mlu_estimate_number_error(e) :
							 (double)mean / mix[i].size;

			result->close_bytes += is_close(e->bytes, bytes, error);
			result->close_numbers += is_close(mlu_estimate_number(e), run.made[i],
							  number_error);
			sum[i] += e->bytes;
			real[i] += bytes;
		}
	}
	for (i = 0; i < ARRAY_SIZE(mix); i++)
		result->bias[i] = sum[i] / real[i] - 1;
}

static void test_known_mix(struct result *result, u32 mean)
{
	const unsigned int nr = RUNS * ARRAY_SIZE(mix);

	run_all(result, mean);
	tap_ok(result->close_bytes >= .99 * nr,
	       "mean %u: %u of %u estimated bytes are within 4 standard errors", mean,
	       result->close_bytes, nr);
	tap_ok(result->close_numbers >= .99 * nr,
	       "mean %u: %u of %u estimated numbers are within 4 standard errors", mean,
	       result->close_numbers, nr);
}

static void test_mixes(void)
{
	struct result rare = {}, frequent = {};
	unsigned int i;

	test_known_mix(&rare, 524288);
	/* Enough samples of each size for a standard error below a third of a percent. */
	test_known_mix(&frequent, 4096);
	for (i = 0; i < ARRAY_SIZE(mix); i++)
		tap_ok(fabs(frequent.bias[i]) < .01,
		       "the bias of blocks of %llu bytes is below 1 %% (%+.3f %%)", mix[i].size,
		       100 * frequent.bias[i]);
}

static void test_sums(void)
{
	struct mlu_estimate all = {}, some = {};

	mlu_estimate_add(&some, 100, 3ULL << 32);
	mlu_estimate_add(&some, 100, 3ULL << 32);
	mlu_estimate_sum(&all, &some);
	tap_is(all.bytes, 600, "bytes are multiplied by the weight");
	tap_is(mlu_estimate_number(&all), 6, "numbers are sums of the weights");
	/* 2 * 100^2 * 3 * 2, and 2 * 3 * 2 */
	tap_is(mlu_estimate_bytes_error(&all), 346, "the error of bytes is that of the sum");
	tap_is(mlu_estimate_number_error(&all), 3, "the error of numbers is that of the sum");
	mlu_estimate_add(&all, U64_MAX / 2, U64_MAX);
	mlu_estimate_add(&all, U64_MAX / 2, U64_MAX);
	tap_ok(all.bytes == U64_MAX && mlu_estimate_bytes_error(&all) >= 1ULL << 63,
	       "sums that overflow stay at their largest value");
}

int main(void)
{
	test_weights();
	test_gaps();
	test_mixes();
	test_sums();
	return tap_end();
}
