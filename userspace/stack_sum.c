// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adding the numbers of a stack to those of another one: of the same group, or the same stack in
 * another process. No state and no messages. Depends on amount.c.
 */
#include "stack_sum.h"

#include <string.h>

#include "mem.h"

static void add_estimate(struct mu_estimate *sum, const struct mu_estimate *e)
{
	if (!e->is_set)
		return;
	sum->is_set = true;
	sum->samples = mu_add_limited(sum->samples, e->samples);
	sum->error = mu_amount_combine_errors(sum->error, e->error);
}

/* Shares are sorted by target, and most often added in that order. */
static void add_share(struct mu_stack *sum, const struct mu_share *share)
{
	size_t at = sum->nr_shares;

	while (at && sum->shares[at - 1].target > share->target)
		at--;
	if (at && sum->shares[at - 1].target == share->target) {
		sum->shares[at - 1].bytes = mu_add_limited(sum->shares[at - 1].bytes, share->bytes);
		return;
	}
	sum->shares = mu_grow(sum->shares, sum->nr_shares, &sum->shares_capacity, sizeof(*share));
	memmove(&sum->shares[at + 1], &sum->shares[at], (sum->nr_shares - at) * sizeof(*share));
	sum->shares[at] = *share;
	sum->nr_shares++;
}

/**
 * mu_stack_add() - add what a stack has to another one
 * @sum: the other one
 * @s: the stack
 */
void mu_stack_add(struct mu_stack *sum, const struct mu_stack *s)
{
	sum->bytes = mu_add_limited(sum->bytes, s->bytes);
	sum->count = mu_add_limited(sum->count, s->count);
	sum->made = mu_add_limited(sum->made, s->made);
	sum->freed = mu_add_limited(sum->freed, s->freed);
	if (s->age_min < sum->age_min)
		sum->age_min = s->age_min;
	if (s->age_max > sum->age_max)
		sum->age_max = s->age_max;
	sum->has_mark |= s->has_mark;
	mu_amount_add(&sum->marked, s->marked);
	add_estimate(&sum->estimate, &s->estimate);
	for (size_t i = 0; i < s->nr_shares; i++)
		add_share(sum, &s->shares[i]);
}

/**
 * mu_stack_largest_share() - find the process that has most of a stack
 * @stack: a stack of a sum
 *
 * Return: what that process has, or NULL if the stack is not in a sum.
 */
const struct mu_share *mu_stack_largest_share(const struct mu_stack *stack)
{
	const struct mu_share *largest = NULL;

	for (size_t i = 0; i < stack->nr_shares; i++)
		if (!largest || stack->shares[i].bytes > largest->bytes)
			largest = &stack->shares[i];
	return largest;
}
