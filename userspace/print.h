/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_PRINT_H
#define MU_PRINT_H

#include <stdbool.h>

#include "group.h"
#include "growth.h"
#include "ignore.h"
#include "report.h"
#include "rows.h"
#include "symbolize.h"

/**
 * struct mu_view - how tables are printed
 * @top: print at most this many stacks, the largest ones
 * @sort: what stacks are sorted by
 * @group: which stacks are merged
 * @ignore: which stacks are left out
 * @bare: omit ids, ages and counts of stacks, and pcs of frames
 * @lines: with source lines and inlined functions
 */
struct mu_view {
	uint64_t top;
	enum mu_sort sort;
	enum mu_group group;
	struct mu_ignore ignore;
	bool bare;
	bool lines;
};

void mu_print_head(const struct mu_view *view);
void mu_print_processes(const struct mu_target *target);
void mu_print_target(const struct mu_target *target);
void mu_print_allocations(const struct mu_allocations *allocations, bool sampled);
void mu_print_select(const struct mu_view *view, struct mu_target *target,
		     struct mu_symbolizer *sym, struct mu_history *history);
void mu_print_prepare(const struct mu_view *view, struct mu_target *target,
		      struct mu_symbolizer *sym);
void mu_print_change(const struct mu_target *target, const struct mu_change *since_last,
		     const struct mu_change *since_start);
void mu_print_frames(const struct mu_view *view, const struct mu_target *target,
		     const struct mu_stack *stack, struct mu_symbolizer *sym);
void mu_print_stacks(const struct mu_view *view, const struct mu_target *target,
		     struct mu_symbolizer *sym);

#endif
