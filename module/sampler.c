// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choose the allocations of a target that are sampled.
 *
 * By bytes: lib/sample.c has the mathematics. Each CPU counts down the bytes to its next point, at
 * an exponentially distributed distance. Such a distance has no memory, so it does not matter which
 * CPU counts a block, and a new distance may begin behind each sampled block.
 *
 * By calls: of each @every calls that a CPU counts, one at a random position is sampled. So each
 * call has the same probability, also if the program repeats a sequence of calls.
 *
 * Context: Handlers count down, with preemption disabled. Init and exit may sleep.
 */
#include <linux/errno.h>
#include <linux/random.h>

#include "lib/sample.h"
#include "sampler.h"

/**
 * mlu_sampler_init() - set up a sampler
 * @sampler: the sampler
 * @bytes: see struct mlu_sampler
 * @every: see struct mlu_sampler; only one of both may be set
 *
 * Context: Process context. May sleep.
 * Return: 0 or -ENOMEM.
 */
int mlu_sampler_init(struct mlu_sampler *sampler, u32 bytes, u32 every)
{
	sampler->bytes = bytes;
	sampler->every = every;
	sampler->states = NULL;
	if (!bytes && !every)
		return 0;
	sampler->states = alloc_percpu(struct mlu_sampler_state);
	return sampler->states ? 0 : -ENOMEM;
}

/**
 * mlu_sampler_exit() - free what mlu_sampler_init() has allocated
 * @sampler: the sampler; no handler uses it any more
 */
void mlu_sampler_exit(struct mlu_sampler *sampler)
{
	free_percpu(sampler->states);
	sampler->states = NULL;
}

static void next_sample(const struct mlu_sampler *sampler, struct mlu_sampler_state *state)
{
	u64 random = get_random_u64(), position;

	if (sampler->bytes) {
		state->left = mlu_sample_gap(random, sampler->bytes);
		return;
	}
	/* random * every / 2^64, of the upper half of the random number */
	position = (random >> 32) * sampler->every >> 32;
	state->left = state->rest + position + 1;
	state->rest = sampler->every - 1 - position;
}

/**
 * mlu_sampler_refill() - go on to the next sample
 * @sampler: the sampler
 * @state: the CPU's state, with not more left than @units
 * @units: of the allocation
 *
 * Context: Handler, with preemption disabled.
 * Return: true if the allocation is sampled.
 */
bool mlu_sampler_refill(const struct mlu_sampler *sampler, struct mlu_sampler_state *state,
			u64 units)
{
	bool takes = state->left;

	if (!takes) {
		/* The CPU's first allocation. */
		next_sample(sampler, state);
		takes = state->left <= units;
		if (!takes)
			state->left -= units;
	}
	if (takes)
		next_sample(sampler, state);
	return takes;
}

/**
 * mlu_sampler_weight() - the number of allocations that a recorded one stands for
 * @sampler: a sampler that is used
 * @size: the bytes that were requested
 *
 * Return: the number, with MLU_WEIGHT_BITS fractional bits.
 */
u64 mlu_sampler_weight(const struct mlu_sampler *sampler, u64 size)
{
	if (sampler->bytes)
		return mlu_sample_weight(max_t(u64, size, 1), sampler->bytes);
	return (u64)sampler->every << MLU_WEIGHT_BITS;
}
