/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables on stdout, in memleak's shape. */
#ifndef MU_PRINT_H
#define MU_PRINT_H

#include <stdbool.h>

#include "report.h"
#include "rows.h"
#include "symbolize.h"

struct mu_view {
	uint64_t top; /* at most so many stacks, the biggest */
	enum mu_sort sort;
	bool bare;  /* memleak's totals: stacks without their history, frames without their pc */
	bool lines; /* with files, lines and inlined functions */
};

/* "[11:16:33] Top 10 stacks with outstanding allocations:" */
void mu_print_head(const struct mu_view *view);

/* The head line of a target in a saved report. */
void mu_print_target(const struct mu_target *target);

void mu_print_allocations(const struct mu_allocations *allocations);

/*
 * Sorts the target's stacks and looks up the names of those that will be
 * shown, so that what there is to say of them does not come amid the table.
 */
void mu_print_prepare(const struct mu_view *view, struct mu_target *target,
		      struct mu_symbolizer *sym);

/* Prints the biggest stacks of a target that was prepared. */
void mu_print_stacks(const struct mu_view *view, const struct mu_target *target,
		     struct mu_symbolizer *sym);

#endif
