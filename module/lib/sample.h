/* SPDX-License-Identifier: GPL-2.0-only */
/* sample: the arithmetic of sampling by bytes, without floating point. */
#ifndef MLU_SAMPLE_H
#define MLU_SAMPLE_H

#include <linux/types.h>

/* Weights are fixed-point numbers with this many fractional bits. */
#define MLU_WEIGHT_BITS 32

/**
 * struct mlu_estimate - sums over sampled blocks, of what they stand for
 * @bytes: estimate of the bytes of all blocks
 * @weight: estimate of their number, with MLU_WEIGHT_BITS fractional bits
 * @bytes_variance: variance of @bytes
 * @weight_variance: variance of the number, with MLU_WEIGHT_BITS fractional bits
 */
struct mlu_estimate {
	u64 bytes;
	__uint128_t weight;
	__uint128_t bytes_variance;
	__uint128_t weight_variance;
};

u64 mlu_sample_gap(u64 random, u32 mean);
u64 mlu_sample_weight(u64 size, u32 mean);
void mlu_estimate_add(struct mlu_estimate *estimate, u64 size, u64 weight);
void mlu_estimate_sum(struct mlu_estimate *sum, const struct mlu_estimate *part);
u64 mlu_estimate_number(const struct mlu_estimate *estimate);
u64 mlu_estimate_bytes_error(const struct mlu_estimate *estimate);
u64 mlu_estimate_number_error(const struct mlu_estimate *estimate);

#endif /* MLU_SAMPLE_H */
