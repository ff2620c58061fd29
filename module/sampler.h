/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of a target's allocations are sampled, and how many each of them stands for. */
#ifndef MLU_SAMPLER_H
#define MLU_SAMPLER_H

#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct mlu_sampler_state - what one CPU has left until the next sample
 * @left: bytes, or calls; 0: not set up yet
 * @rest: calls between that one and the end of its group of @every
 *
 * Changed by its own CPU only, with preemption disabled.
 */
struct mlu_sampler_state {
	u64 left;
	u64 rest;
};

/**
 * struct mlu_sampler - how the allocations of a target are sampled
 * @bytes: sample=: the mean number of bytes from one sample to the next; 0: not by bytes
 * @every: every=: one call of this number; 0: not by calls
 * @states: of each CPU; NULL: each allocation is recorded
 *
 * Constant but for @states' contents.
 */
struct mlu_sampler {
	u32 bytes;
	u32 every;
	struct mlu_sampler_state __percpu *states;
};

int mlu_sampler_init(struct mlu_sampler *sampler, u32 bytes, u32 every);
void mlu_sampler_exit(struct mlu_sampler *sampler);
u64 mlu_sampler_weight(const struct mlu_sampler *sampler, u64 size);
bool mlu_sampler_refill(const struct mlu_sampler *sampler, struct mlu_sampler_state *state,
			u64 units);

static inline bool mlu_sampler_is_used(const struct mlu_sampler *sampler)
{
	return sampler->states;
}

/**
 * mlu_sampler_takes() - is an allocation sampled?
 * @sampler: a sampler that is used
 * @size: bytes that are requested
 *
 * Asked once for each allocation. A block of 0 bytes counts as one of a byte.
 *
 * Context: Handler. Does not sleep.
 * Return: true if it is.
 */
static inline bool mlu_sampler_takes(const struct mlu_sampler *sampler, u64 size)
{
	struct mlu_sampler_state *state = get_cpu_ptr(sampler->states);
	u64 units = sampler->bytes ? max_t(u64, size, 1) : 1;
	bool takes = false;

	if (state->left > units)
		state->left -= units;
	else
		takes = mlu_sampler_refill(sampler, state, units);
	put_cpu_ptr(sampler->states);
	return takes;
}

#endif /* MLU_SAMPLER_H */
