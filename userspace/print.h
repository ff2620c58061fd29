/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables on stdout, in memleak's shape. */
#ifndef MLU_PRINT_H
#define MLU_PRINT_H

#include <stdbool.h>

#include "report.h"
#include "rows.h"
#include "symbolize.h"

struct mlu_view {
	uint64_t top; /* at most so many stacks, the biggest */
	enum mlu_sort sort;
	bool bare;  /* memleak's totals: stacks without their history, frames without their pc */
	bool lines; /* with files, lines and inlined functions */
};

/* "[11:16:33] Top 10 stacks with outstanding allocations:" */
void mlu_print_head(const struct mlu_view *view);

/* The head line of a target in a saved report. */
void mlu_print_target(const struct mlu_target *target);

void mlu_print_allocations(const struct mlu_allocations *allocations);

/*
 * Sorts the target's stacks and looks up the names of those that will be
 * shown, so that what there is to say of them does not come amid the table.
 */
void mlu_print_prepare(const struct mlu_view *view, struct mlu_target *target,
		       struct mlu_symbolizer *sym);

/* Prints the biggest stacks of a target that was prepared. */
void mlu_print_stacks(const struct mlu_view *view, const struct mlu_target *target,
		      struct mlu_symbolizer *sym);

#endif
