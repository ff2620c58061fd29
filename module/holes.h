/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a mapping that were unmapped while the rest of it stayed. */
#ifndef MLU_HOLES_H
#define MLU_HOLES_H

#include <linux/types.h>

/* Programs that map something else over their own text make one. */
#define MLU_MAX_HOLES 4

struct mlu_hole {
	unsigned long start;
	unsigned long end;
	u32 made_at; /* by the maps' clock, of its oldest part */
};

/*
 * Holes only grow, and their number too, until all are filled at once.  So without a lock a reader
 * sees some that have been there, whatever is written meanwhile.
 */
struct mlu_holes {
	unsigned int nr;
	struct mlu_hole hole[MLU_MAX_HOLES];
};

void mlu_holes_add(struct mlu_holes *holes, unsigned long start, unsigned long end, u32 time);
bool mlu_holes_have(const struct mlu_holes *holes, unsigned long addr);
bool mlu_holes_had(const struct mlu_holes *holes, unsigned long addr, u32 time);
bool mlu_holes_leave(const struct mlu_holes *holes, unsigned long *start, unsigned long *end);

#endif /* MLU_HOLES_H */
