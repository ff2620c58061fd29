// SPDX-License-Identifier: GPL-2.0-only
/*
 * Amounts of memory: sums, changes and standard errors.
 *
 * The numbers of a saved report may be anything: sums are limited to what fits, and changes are
 * compared with more bits. No state and no messages.
 */
#include "amount.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

/**
 * mu_add_limited() - add two numbers
 * @a: the one
 * @b: the other
 *
 * Return: the sum, or the largest number if that does not fit.
 */
uint64_t mu_add_limited(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/**
 * mu_amount_add() - add an amount to a sum
 * @sum: the sum; stays at the largest number if it does not fit
 * @more: the amount
 */
void mu_amount_add(struct mu_amount *sum, struct mu_amount more)
{
	sum->bytes = mu_add_limited(sum->bytes, more.bytes);
	sum->count = mu_add_limited(sum->count, more.count);
}

/* Return: the square root, rounded to the nearest, of the sum of two squares. */
static uint64_t add_squares(uint64_t a, uint64_t b)
{
	double x = a, y = b, sum = x * x + y * y, root;

	if (!a || !b)
		return a + b;
	if (sum >= 0x1p127)
		return UINT64_MAX;
	root = x > y ? x : y;
	for (int i = 0; i < 8; i++) /* Newton's method, begun within a factor of 1.5 */
		root = (root + sum / root) / 2;
	return root + 0.5;
}

/**
 * mu_amount_combine_errors() - the standard error of the sum of two independent estimates
 * @one: the standard error of the one
 * @other: that of the other
 *
 * Return: the standard error of their sum, and of their difference.
 */
struct mu_amount mu_amount_combine_errors(struct mu_amount one, struct mu_amount other)
{
	return (struct mu_amount){
		.bytes = add_squares(one.bytes, other.bytes),
		.count = add_squares(one.count, other.count),
	};
}

static int compare_differences(uint64_t from_x, uint64_t to_x, uint64_t from_y, uint64_t to_y)
{
	__int128 x = (__int128)to_x - from_x, y = (__int128)to_y - from_y;

	return (x > y) - (x < y);
}

/**
 * mu_change_compare() - compare two changes by bytes, then by allocations
 * @x: the one
 * @y: the other
 *
 * Return: a positive number if @x is larger, a negative one if it is smaller, 0 if they are equal.
 */
int mu_change_compare(const struct mu_change *x, const struct mu_change *y)
{
	int by_bytes = compare_differences(x->from.bytes, x->to.bytes, y->from.bytes, y->to.bytes);

	if (by_bytes)
		return by_bytes;
	return compare_differences(x->from.count, x->to.count, y->from.count, y->to.count);
}

/**
 * mu_change_sign() - the direction of a change, by bytes, then by allocations
 * @change: the change
 *
 * Return: 1 if the amount has grown, -1 if it has shrunk, 0 if it is the same.
 */
int mu_change_sign(const struct mu_change *change)
{
	static const struct mu_change none;

	return mu_change_compare(change, &none);
}

/**
 * mu_format_change() - print a change
 * @text: the result, of MU_CHANGE_MAX bytes: "+8192 in 1", "-8192 in -1"
 * @change: the change
 */
void mu_format_change(char *text, const struct mu_change *change)
{
	const struct mu_amount *from = &change->from, *to = &change->to;
	bool less = to->bytes < from->bytes, fewer = to->count < from->count;

	snprintf(text, MU_CHANGE_MAX, "%c%" PRIu64 " in %s%" PRIu64, less ? '-' : '+',
		 less ? from->bytes - to->bytes : to->bytes - from->bytes, fewer ? "-" : "",
		 fewer ? from->count - to->count : to->count - from->count);
}
