/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers to frames, and why the walk stopped. */
#ifndef MLU_UNWIND_H
#define MLU_UNWIND_H

#include "counters.h"
#include "maps.h"
#include "stacks.h"

/* Where a walk begins: the caller's registers, as when the call will have returned. */
struct mlu_unwind_start {
	unsigned long pc; /* the return address into the caller */
	unsigned long sp; /* the caller's stack pointer after the return */
	unsigned long fp;
	bool at_return; /* from a return handler */
};

bool mlu_read_user(unsigned long addr, unsigned long *value);
bool mlu_read_return(unsigned long slot, unsigned long *value);
void mlu_unwind(struct mlu_maps *maps, struct mlu_counters __percpu *counters,
		const struct mlu_unwind_start *start, unsigned int depth, struct mlu_trace *trace);

#endif /* MLU_UNWIND_H */
