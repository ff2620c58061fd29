// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address ranges of DIEs, which may overlap, to be searched by address.
 *
 * The table is sorted by start at the first search. Ranges of valid debug information are
 * disjoint, but a linker leaves ranges of discarded functions behind, and a hostile object may
 * contain anything. So each entry has the highest end so far, which limits how far back an
 * overlapping range is searched. Depends on libdw and mem.c.
 */
#include "dwarf_ranges.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"

struct range {
	Dwarf_Addr start, end;
	Dwarf_Addr reach; /* the highest end of this entry and those before it */
	size_t owner;
};

struct mu_dwarf_ranges {
	struct range *range;
	size_t nr, capacity;
	bool sorted;
};

/**
 * mu_dwarf_ranges_new() - create an empty table
 *
 * Return: the table, to be freed.
 */
struct mu_dwarf_ranges *mu_dwarf_ranges_new(void)
{
	return mu_zalloc(sizeof(struct mu_dwarf_ranges));
}

/**
 * mu_dwarf_ranges_free() - free a table
 * @ranges: the table; may be NULL
 */
void mu_dwarf_ranges_free(struct mu_dwarf_ranges *ranges)
{
	if (!ranges)
		return;
	free(ranges->range);
	free(ranges);
}

/**
 * mu_dwarf_ranges_add() - add the address ranges of a DIE
 * @ranges: the table
 * @die: the DIE
 * @owner: result of mu_dwarf_ranges_find() for these addresses
 */
void mu_dwarf_ranges_add(struct mu_dwarf_ranges *ranges, Dwarf_Die *die, size_t owner)
{
	struct range range = { .owner = owner };
	ptrdiff_t next = 0;
	Dwarf_Addr base;

	while ((next = dwarf_ranges(die, next, &base, &range.start, &range.end)) > 0) {
		/* Linkers set the address of a discarded function to 0 or to the top of memory. */
		if (!range.start || range.start >= range.end)
			continue;
		ranges->range = mu_grow(ranges->range, ranges->nr, &ranges->capacity,
					sizeof(*ranges->range));
		ranges->range[ranges->nr++] = range;
		ranges->sorted = false;
	}
}

static int compare_starts(const void *a, const void *b)
{
	const struct range *x = a;
	const struct range *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void sort_ranges(struct mu_dwarf_ranges *ranges)
{
	Dwarf_Addr reach = 0;

	if (ranges->nr)
		qsort(ranges->range, ranges->nr, sizeof(*ranges->range), compare_starts);
	for (size_t i = 0; i < ranges->nr; i++) {
		if (ranges->range[i].end > reach)
			reach = ranges->range[i].end;
		ranges->range[i].reach = reach;
	}
	ranges->sorted = true;
}

/* Return: the number of ranges that start at or below the address. */
static size_t count_below(const struct mu_dwarf_ranges *ranges, Dwarf_Addr address)
{
	size_t low = 0, high = ranges->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->range[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * mu_dwarf_ranges_find() - find the smallest range that contains an address
 * @ranges: the table
 * @address: the address
 *
 * Return: the owner of the range, or SIZE_MAX if no range contains @address.
 */
size_t mu_dwarf_ranges_find(struct mu_dwarf_ranges *ranges, Dwarf_Addr address)
{
	Dwarf_Addr smallest = UINT64_MAX;
	size_t found = SIZE_MAX, i;

	if (!ranges->sorted)
		sort_ranges(ranges);
	for (i = count_below(ranges, address); i-- && ranges->range[i].reach > address;) {
		const struct range *r = &ranges->range[i];

		if (r->end <= address || r->end - r->start >= smallest)
			continue;
		smallest = r->end - r->start;
		found = r->owner;
	}
	return found;
}
