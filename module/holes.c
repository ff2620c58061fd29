// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of a mapping that were unmapped while the rest of it stayed.
 *
 * Their number is bounded, since the mmu notifier, which adds them, must not allocate. If there is
 * no space for another hole, the nearest one is extended to include it, and what lies between
 * the two counts as unmapped.
 *
 * Locks: holes are changed under maps->lock. They are read with or without it.
 */
#include <linux/kernel.h>

#include "holes.h"

static unsigned long hole_growth(const struct mlu_hole *hole, unsigned long start,
				 unsigned long end)
{
	return max(end, hole->end) - min(start, hole->start) - (hole->end - hole->start);
}

/**
 * mlu_holes_add() - add a range that is being unmapped
 * @holes: the holes of a mapping that includes the range
 * @start: the first address
 * @end: the first address behind the range
 * @time: the time by maps->clock
 *
 * Context: Under maps->lock. Does not sleep.
 */
void mlu_holes_add(struct mlu_holes *holes, unsigned long start, unsigned long end, u32 time)
{
	struct mlu_hole *hole = NULL;
	unsigned int i;

	/* The nearest one has to grow least to include the range. */
	for (i = 0; i < holes->nr; i++)
		if (!hole ||
		    hole_growth(&holes->hole[i], start, end) < hole_growth(hole, start, end))
			hole = &holes->hole[i];
	/* They touch, or there is no space for another one. */
	if (hole && ((start <= hole->end && hole->start <= end) || holes->nr == MLU_MAX_HOLES)) {
		WRITE_ONCE(hole->start, min(start, hole->start));
		WRITE_ONCE(hole->end, max(end, hole->end));
		return;
	}
	hole = &holes->hole[holes->nr];
	WRITE_ONCE(hole->start, start);
	WRITE_ONCE(hole->end, end);
	hole->made_at = time;
	/* Pairs with mlu_holes_contain(). */
	smp_store_release(&holes->nr, holes->nr + 1);
}

static bool hole_contains(const struct mlu_hole *hole, unsigned long addr)
{
	return addr >= READ_ONCE(hole->start) && addr < READ_ONCE(hole->end);
}

/**
 * mlu_holes_contain() - check if an address is in a hole
 * @holes: the holes
 * @addr: the address
 *
 * Context: Any, with or without maps->lock. Does not sleep.
 * Return: true if it is.
 */
bool mlu_holes_contain(const struct mlu_holes *holes, unsigned long addr)
{
	/* Pairs with mlu_holes_add(), which writes a hole's bounds first. */
	unsigned int i, nr = smp_load_acquire(&holes->nr);

	for (i = 0; i < nr; i++)
		if (hole_contains(&holes->hole[i], addr))
			return true;
	return false;
}

/**
 * mlu_holes_contained() - check if an address was in a hole at an earlier time
 * @holes: the holes
 * @addr: the address
 * @time: the time by maps->clock
 *
 * Context: Under maps->lock. Does not sleep.
 * Return: true if it was.
 */
bool mlu_holes_contained(const struct mlu_holes *holes, unsigned long addr, u32 time)
{
	unsigned int i;

	for (i = 0; i < holes->nr; i++)
		if (holes->hole[i].made_at <= time && hole_contains(&holes->hole[i], addr))
			return true;
	return false;
}

/**
 * mlu_holes_find_left() - find the first part of a range that is in no hole
 * @holes: the holes
 * @start: the first address of the range; set to that of the part
 * @end: the first address behind the range; set to that behind the part
 *
 * Context: Under maps->lock. Does not sleep.
 * Return: false if there is no such part.
 */
bool mlu_holes_find_left(const struct mlu_holes *holes, unsigned long *start, unsigned long *end)
{
	unsigned int i = 0;

	while (i < holes->nr) {
		const struct mlu_hole *hole = &holes->hole[i++];

		if (!hole_contains(hole, *start))
			continue;
		*start = hole->end;
		/* It may be in a hole that was checked before. */
		i = 0;
	}
	for (i = 0; i < holes->nr; i++)
		if (holes->hole[i].start > *start)
			*end = min(*end, holes->hole[i].start);
	return *start < *end;
}
