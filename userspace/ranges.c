// SPDX-License-Identifier: GPL-2.0-only
/* Sets of addresses as sorted lists of ranges. Depends on mem.c. */
#include "ranges.h"

#include <stdlib.h>

#include "mem.h"

/**
 * mu_ranges_add() - add a range behind all others
 * @ranges: the set
 * @start: first address
 * @end: first address behind it; an empty range is not added
 */
void mu_ranges_add(struct mu_ranges *ranges, uint64_t start, uint64_t end)
{
	struct mu_range *last = ranges->nr ? &ranges->at[ranges->nr - 1] : NULL;

	if (last && start < last->end)
		start = last->end;
	if (start >= end)
		return;
	if (last && last->end == start) {
		last->end = end;
		return;
	}
	ranges->at = mu_grow(ranges->at, ranges->nr, &ranges->capacity, sizeof(*ranges->at));
	ranges->at[ranges->nr++] = (struct mu_range){ .start = start, .end = end };
}

/**
 * mu_ranges_intersect() - get the addresses that are in both of two sets
 * @a: a set
 * @b: the other set
 *
 * Return: the set, to be freed with mu_ranges_free().
 */
struct mu_ranges mu_ranges_intersect(const struct mu_ranges *a, const struct mu_ranges *b)
{
	struct mu_ranges both = {};
	size_t i = 0;
	size_t j = 0;

	while (i < a->nr && j < b->nr) {
		const struct mu_range *x = &a->at[i];
		const struct mu_range *y = &b->at[j];

		mu_ranges_add(&both, x->start > y->start ? x->start : y->start,
			      x->end < y->end ? x->end : y->end);
		if (x->end < y->end)
			i++;
		else
			j++;
	}
	return both;
}

/**
 * mu_ranges_subtract() - get the addresses that are in one set and not in another one
 * @a: the set
 * @b: the other set
 *
 * Return: the set, to be freed with mu_ranges_free().
 */
struct mu_ranges mu_ranges_subtract(const struct mu_ranges *a, const struct mu_ranges *b)
{
	struct mu_ranges rest = {};
	size_t j = 0;

	for (size_t i = 0; i < a->nr; i++) {
		uint64_t start = a->at[i].start;
		uint64_t end = a->at[i].end;

		while (j < b->nr && b->at[j].end <= start)
			j++;
		for (size_t k = j; k < b->nr && b->at[k].start < end; k++) {
			if (b->at[k].start > start)
				mu_ranges_add(&rest, start, b->at[k].start);
			start = b->at[k].end;
		}
		if (start < end)
			mu_ranges_add(&rest, start, end);
	}
	return rest;
}

static int compare_starts(const void *x, const void *y)
{
	const struct mu_range *a = x;
	const struct mu_range *b = y;

	return a->start < b->start ? -1 : a->start > b->start;
}

/**
 * mu_ranges_disjoint() - get the ranges that do not overlap with others
 * @parts: ranges in any order, which are sorted; none is empty
 * @nr: number of @parts
 *
 * For parts that contradict each other if they overlap, so that neither is to be taken.
 *
 * Return: the set, to be freed with mu_ranges_free().
 */
struct mu_ranges mu_ranges_disjoint(struct mu_range *parts, size_t nr)
{
	struct mu_ranges alone = {};
	uint64_t reached = 0;

	if (nr)
		qsort(parts, nr, sizeof(*parts), compare_starts);
	for (size_t i = 0; i < nr; i++) {
		if (parts[i].start >= reached && !(i + 1 < nr && parts[i + 1].start < parts[i].end))
			mu_ranges_add(&alone, parts[i].start, parts[i].end);
		if (parts[i].end > reached)
			reached = parts[i].end;
	}
	return alone;
}

/**
 * mu_ranges_to_pages() - get the pages that have an address of a set
 * @ranges: the set
 * @page: size of a page
 *
 * Return: the set of the pages' addresses, to be freed with mu_ranges_free().
 */
struct mu_ranges mu_ranges_to_pages(const struct mu_ranges *ranges, uint64_t page)
{
	struct mu_ranges pages = {};

	for (size_t i = 0; i < ranges->nr; i++)
		mu_ranges_add(&pages, ranges->at[i].start & -page,
			      (ranges->at[i].end + page - 1) & -page);
	return pages;
}

/**
 * mu_ranges_bytes() - count the addresses of a set
 * @ranges: the set
 *
 * Return: their number.
 */
uint64_t mu_ranges_bytes(const struct mu_ranges *ranges)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < ranges->nr; i++)
		bytes += ranges->at[i].end - ranges->at[i].start;
	return bytes;
}

/**
 * mu_ranges_free() - free a set
 * @ranges: the set
 */
void mu_ranges_free(struct mu_ranges *ranges)
{
	free(ranges->at);
	*ranges = (struct mu_ranges){};
}
