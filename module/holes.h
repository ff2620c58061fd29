/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a mapping that were unmapped while the rest of it stayed. */
#ifndef MLU_HOLES_H
#define MLU_HOLES_H

#include <linux/types.h>

/* Programs that map something else over a part of their own text make one. */
#define MLU_MAX_HOLES 4

/**
 * struct mlu_hole - an unmapped part of a mapping
 * @start: its first address
 * @end: the first address behind it
 * @made_at: when the oldest part of it was unmapped, by the clock of struct mlu_maps
 */
struct mlu_hole {
	unsigned long start;
	unsigned long end;
	u32 made_at;
};

/**
 * struct mlu_holes - all holes of a mapping
 * @nr: the number of holes
 * @hole: the holes, in no order
 *
 * A hole only grows and @nr only increases, until @nr is set to 0 when all of the mapping is mapped
 * again. So a reader without the lock sees holes that have existed, whatever is written meanwhile.
 */
struct mlu_holes {
	unsigned int nr;
	struct mlu_hole hole[MLU_MAX_HOLES];
};

void mlu_holes_add(struct mlu_holes *holes, unsigned long start, unsigned long end, u32 time);
bool mlu_holes_contain(const struct mlu_holes *holes, unsigned long addr);
bool mlu_holes_contained(const struct mlu_holes *holes, unsigned long addr, u32 time);
bool mlu_holes_find_left(const struct mlu_holes *holes, unsigned long *start, unsigned long *end);

#endif /* MLU_HOLES_H */
