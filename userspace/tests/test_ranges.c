// SPDX-License-Identifier: GPL-2.0-only
/* Sets of addresses, compared with sets of bits. */
#include <stdint.h>
#include <stdlib.h>

#include "ranges.h"
#include "tap.h"

#define BITS 64
#define ROUNDS 20000

static struct mu_ranges from_bits(uint64_t bits)
{
	struct mu_ranges ranges = {};

	for (unsigned int i = 0; i < BITS; i++)
		if ((bits >> i) & 1)
			mu_ranges_add(&ranges, i, i + 1);
	return ranges;
}

static uint64_t to_bits(const struct mu_ranges *ranges)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < ranges->nr; i++)
		for (uint64_t j = ranges->at[i].start; j < ranges->at[i].end; j++)
			bits |= 1UL << j;
	return bits;
}

static uint64_t pages_of_bits(uint64_t bits)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < BITS; i += 8)
		if ((bits >> i) & 255)
			pages |= 255UL << i;
	return pages;
}

static uint64_t random_bits(void)
{
	static uint64_t state = 88172645463325252UL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state & (state >> 1);
}

static bool is_set(struct mu_ranges ranges, uint64_t bits)
{
	bool good = to_bits(&ranges) == bits &&
		    mu_ranges_bytes(&ranges) == (uint64_t)__builtin_popcountl(bits);

	for (size_t i = 1; i < ranges.nr; i++)
		good &= ranges.at[i - 1].end < ranges.at[i].start;
	mu_ranges_free(&ranges);
	return good;
}

int main(void)
{
	size_t wrong[3] = {};

	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t x = random_bits();
		uint64_t y = random_bits();
		struct mu_ranges a = from_bits(x);
		struct mu_ranges b = from_bits(y);

		wrong[0] += !is_set(mu_ranges_intersect(&a, &b), x & y);
		wrong[1] += !is_set(mu_ranges_subtract(&a, &b), x & ~y);
		wrong[2] += !is_set(mu_ranges_to_pages(&a, 8), pages_of_bits(x));
		mu_ranges_free(&a);
		mu_ranges_free(&b);
	}
	is_number(wrong[0], 0, "sets are intersected");
	is_number(wrong[1], 0, "sets are subtracted");
	is_number(wrong[2], 0, "sets are extended to whole pages");
	return done_testing();
}
