// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arithmetic of sampling by bytes, without floating point.
 *
 * Points are scattered over the bytes of all blocks, one in B bytes on average, at distances that
 * are distributed exponentially. A block is recorded if a point is in it: a block of s bytes with
 * the probability p = 1 - exp(-s / B), whatever was recorded before. Each recorded block stands for
 * 1 / p blocks (its weight): the sums of these are unbiased estimates (Horvitz-Thompson), and their
 * variance is estimated without bias by the sum of (1 - p) / p^2, times s^2 for bytes.
 *
 * Pure: no state, no allocation. 128-bit numbers are multiplied, added and shifted, never divided.
 */
#include <linux/kernel.h>
#include <linux/math64.h>

#include "sample.h"

#define ONE ((u64)1 << MLU_WEIGHT_BITS)
#define LN_2 2977044472ULL /* with 32 fractional bits */

/* From this size on, in units of the mean distance, 1 - p is less than 2^-32 * 2^-32. */
#define CERTAIN 45

static u64 multiply_shifted(u64 a, u64 b, unsigned int shift)
{
	return (__uint128_t)a * b >> shift;
}

/*
 * The logarithm to base 2, with 32 fractional bits, of a number above 0: the square of a number
 * from 1 to 2 is at least 2 if the next bit of its logarithm is set.
 */
static u64 binary_logarithm(u64 x)
{
	unsigned int whole = 63 - __builtin_clzll(x), i;
	u64 mantissa = x << (63 - whole) >> 32, log = whole;

	for (i = 0; i < 32; i++) {
		mantissa *= mantissa; /* 62 fractional bits, below 4 */
		log = log << 1 | mantissa >> 63;
		mantissa >>= mantissa >> 63 ? 32 : 31;
	}
	return log;
}

/* -ln(random / 2^64), with 32 fractional bits. */
static u64 minus_ln(u64 random)
{
	return multiply_shifted(((u64)64 << 32) - binary_logarithm(random ? random : 1), LN_2, 32);
}

/**
 * mlu_sample_gap() - the number of bytes up to the next point
 * @random: a random number
 * @mean: the mean distance of points
 *
 * Return: a number from 1 on: a block is recorded if it has at least that many bytes, otherwise its
 * bytes are subtracted.
 */
u64 mlu_sample_gap(u64 random, u32 mean)
{
	u64 missing = -random;

	/* -ln(1 - v) is v + v^2/2 for small v, where the logarithm has too few bits. */
	if (missing && !(missing >> 52))
		return multiply_shifted(missing + multiply_shifted(missing, missing, 65), mean,
					64) +
		       1;
	return multiply_shifted(minus_ln(random), mean, 32) + 1;
}

/* (1 - exp(-x)) / x for x up to 1: 1 - x/2 (1 - x/3 (1 - x/4 ...)); with 32 fractional bits. */
static u64 hit_per_byte(u64 x)
{
	u64 h = ONE;
	unsigned int i;

	for (i = 14; i >= 2; i--)
		h = ONE - div_u64(multiply_shifted(x, h, 32), i);
	return h;
}

/**
 * mlu_sample_weight() - the number of blocks that a recorded one stands for
 * @size: its size, from 1 on
 * @mean: the mean distance of points
 *
 * Return: 1 / p, with MLU_WEIGHT_BITS fractional bits.
 */
u64 mlu_sample_weight(u64 size, u32 mean)
{
	u64 unit = mean, x, h, miss;
	unsigned int squares = 0;

	if (size / mean >= CERTAIN)
		return ONE;
	while (size > unit) {
		unit *= 2;
		squares++;
	}
	x = div64_u64(size << 26, unit) << 6;
	h = hit_per_byte(x);
	if (!squares)
		/* 1 / (x h), where x has too few bits. */
		return multiply_shifted(div64_u64((u64)mean << 32, size), div64_u64(1ULL << 63, h),
					31);
	miss = ONE - multiply_shifted(x, h, 32);
	while (squares--)
		miss = multiply_shifted(miss, miss, 32);
	return div64_u64(1ULL << 63, ONE - miss) << 1;
}

static u64 saturate_u64(__uint128_t x)
{
	return x >> 64 ? U64_MAX : x;
}

static void add_saturated(__uint128_t *sum, __uint128_t x)
{
	*sum += x;
	if (*sum < x)
		*sum = ~(__uint128_t)0;
}

/**
 * mlu_estimate_add() - add what a recorded block stands for
 * @estimate: the sums
 * @size: the size of the block
 * @weight: its weight
 */
void mlu_estimate_add(struct mlu_estimate *estimate, u64 size, u64 weight)
{
	u64 bytes = saturate_u64((__uint128_t)size * weight >> MLU_WEIGHT_BITS);
	u64 short_weight = weight >> 16;

	estimate->bytes = saturate_u64((__uint128_t)estimate->bytes + bytes);
	add_saturated(&estimate->weight, weight);
	/* size^2 (1 - p) / p^2 = (size / p) (size / p - size) */
	add_saturated(&estimate->bytes_variance, (__uint128_t)bytes * (bytes - size));
	add_saturated(&estimate->weight_variance,
		      (__uint128_t)short_weight * (short_weight - (ONE >> 16)));
}

/**
 * mlu_estimate_sum() - add the sums of other blocks
 * @sum: the sums
 * @part: the other blocks' sums
 */
void mlu_estimate_sum(struct mlu_estimate *sum, const struct mlu_estimate *part)
{
	sum->bytes = saturate_u64((__uint128_t)sum->bytes + part->bytes);
	add_saturated(&sum->weight, part->weight);
	add_saturated(&sum->bytes_variance, part->bytes_variance);
	add_saturated(&sum->weight_variance, part->weight_variance);
}

/* The square root, rounded down; exact up to 2^64, to 31 bits above. */
static u64 square_root(__uint128_t x)
{
	unsigned int shift = 0;

	while (x >> shift >> 64)
		shift += 2;
	return (u64)int_sqrt(x >> shift) << (shift / 2);
}

/**
 * mlu_estimate_number() - the estimated number of blocks
 * @estimate: the sums
 *
 * Return: the number, rounded.
 */
u64 mlu_estimate_number(const struct mlu_estimate *estimate)
{
	return saturate_u64((estimate->weight + ONE / 2) >> MLU_WEIGHT_BITS);
}

/**
 * mlu_estimate_bytes_error() - the standard error of the estimated bytes
 * @estimate: the sums
 *
 * Return: the error in bytes.
 */
u64 mlu_estimate_bytes_error(const struct mlu_estimate *estimate)
{
	return square_root(estimate->bytes_variance);
}

/**
 * mlu_estimate_number_error() - the standard error of the estimated number of blocks
 * @estimate: the sums
 *
 * Return: the error, rounded.
 */
u64 mlu_estimate_number_error(const struct mlu_estimate *estimate)
{
	return (square_root(estimate->weight_variance) + (ONE >> 17)) >> 16;
}
