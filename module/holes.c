// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of a mapping that were unmapped while the rest of it stayed.
 *
 * Bounded, since the mmu notifier that makes them must not allocate: where there is no room for a
 * further one, the nearest grows up to it, and what lies between the two counts as unmapped.
 *
 * Changed under the lock of the maps, read with it or without.
 */
#include <linux/kernel.h>

#include "holes.h"

static bool touches(const struct mlu_hole *hole, unsigned long start, unsigned long end)
{
	return start <= hole->end && hole->start <= end;
}

static unsigned long growth(const struct mlu_hole *hole, unsigned long start, unsigned long end)
{
	return max(end, hole->end) - min(start, hole->start) - (hole->end - hole->start);
}

/* The one that has to grow least to hold all of it. */
static struct mlu_hole *nearest(struct mlu_holes *holes, unsigned long start, unsigned long end)
{
	struct mlu_hole *best = NULL;
	unsigned int i;

	for (i = 0; i < holes->nr; i++)
		if (!best || growth(&holes->hole[i], start, end) < growth(best, start, end))
			best = &holes->hole[i];
	return best;
}

/* mlu_holes_add() - [@start, @end) is being unmapped */
void mlu_holes_add(struct mlu_holes *holes, unsigned long start, unsigned long end, u32 time)
{
	struct mlu_hole *hole = nearest(holes, start, end);

	if (hole && (touches(hole, start, end) || holes->nr == MLU_MAX_HOLES)) {
		WRITE_ONCE(hole->start, min(start, hole->start));
		WRITE_ONCE(hole->end, max(end, hole->end));
		return;
	}
	hole = &holes->hole[holes->nr];
	WRITE_ONCE(hole->start, start);
	WRITE_ONCE(hole->end, end);
	hole->made_at = time;
	/* Pairs with mlu_holes_have(). */
	smp_store_release(&holes->nr, holes->nr + 1);
}

static bool is_in(const struct mlu_hole *hole, unsigned long addr)
{
	return addr >= READ_ONCE(hole->start) && addr < READ_ONCE(hole->end);
}

/* mlu_holes_have() - is @addr in a hole? Context: any, with or without the lock. */
bool mlu_holes_have(const struct mlu_holes *holes, unsigned long addr)
{
	/* Pairs with mlu_holes_add(): a hole's bounds come first. */
	unsigned int i, nr = smp_load_acquire(&holes->nr);

	for (i = 0; i < nr; i++)
		if (is_in(&holes->hole[i], addr))
			return true;
	return false;
}

/* mlu_holes_had() - the same, at a time of the maps' clock. Context: under the lock. */
bool mlu_holes_had(const struct mlu_holes *holes, unsigned long addr, u32 time)
{
	unsigned int i;

	for (i = 0; i < holes->nr; i++)
		if (holes->hole[i].made_at <= time && is_in(&holes->hole[i], addr))
			return true;
	return false;
}

/*
 * mlu_holes_leave() - the first part of [@start, @end) that is in no hole
 *
 * Context: under the lock.  Return: false if there is none, else @start and @end are its own.
 */
bool mlu_holes_leave(const struct mlu_holes *holes, unsigned long *start, unsigned long *end)
{
	unsigned int i = 0;

	while (i < holes->nr) {
		const struct mlu_hole *hole = &holes->hole[i++];

		if (!is_in(hole, *start))
			continue;
		*start = hole->end;
		/* It may be in one that was looked at before. */
		i = 0;
	}
	for (i = 0; i < holes->nr; i++)
		if (holes->hole[i].start > *start)
			*end = min(*end, holes->hole[i].start);
	return *start < *end;
}
