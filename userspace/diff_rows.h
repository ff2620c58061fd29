/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DIFF_ROWS_H
#define MU_DIFF_ROWS_H

#include "report.h"

/* The two reports. */
enum mu_side { MU_OLD, MU_NEW, MU_SIDES };

/**
 * enum mu_fate - what has become of a row
 * @MU_IS_NEW: the old report has no such stack
 * @MU_HAS_GROWN: it has grown
 * @MU_HAS_SHRUNK: it has shrunk
 * @MU_IS_GONE: the new report has no such stack
 * @MU_UNCHANGED: it is the same
 * @MU_FATES: the number of these
 */
enum mu_fate { MU_IS_NEW, MU_HAS_GROWN, MU_HAS_SHRUNK, MU_IS_GONE, MU_UNCHANGED, MU_FATES };

/**
 * struct mu_diff_row - equal stacks of both reports
 * @key: of their group
 * @change: from the old to the new report
 * @is_estimate: @error is set
 * @error: the standard error of the change
 * @is_in: the reports that have such a stack
 * @target: the target of @stack
 * @stack: the largest one, of the new report if that has one
 */
struct mu_diff_row {
	const char *key;
	struct mu_change change;
	bool is_estimate;
	struct mu_amount error;
	bool is_in[MU_SIDES];
	const struct mu_target *target;
	const struct mu_stack *stack;
};

/**
 * struct mu_diff_rows - the rows of a comparison
 * @rows: the rows
 * @nr: number of @rows
 * @capacity: allocated elements of @rows
 * @by_fate: the number of rows of each fate
 */
struct mu_diff_rows {
	struct mu_diff_row *rows;
	size_t nr;
	size_t capacity;
	size_t by_fate[MU_FATES];
};

void mu_diff_rows_add(struct mu_diff_rows *rows, enum mu_side side, const struct mu_report *report);
void mu_diff_rows_finish(struct mu_diff_rows *rows);
enum mu_fate mu_diff_row_fate(const struct mu_diff_row *row);

#endif
