// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comparing the stacks of two reports.
 *
 * The stacks have keys, group.c, which are the same in reports of two processes or two builds of
 * the same program. Stacks with equal keys are added up within each report, of all its targets.
 * Pure: no output. Depends on report.h and amount.c.
 */
#include "diff_rows.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

static struct mu_amount *side_of(struct mu_diff_row *row, enum mu_side side)
{
	return side == MU_OLD ? &row->change.from : &row->change.to;
}

static void add_row(struct mu_diff_rows *rows, enum mu_side side, const struct mu_target *target,
		    const struct mu_stack *stack)
{
	struct mu_diff_row row = {
		.key = stack->key,
		.is_estimate = stack->estimate.is_set,
		.error = stack->estimate.error,
		.target = target,
		.stack = stack,
	};

	*side_of(&row, side) = (struct mu_amount){ .bytes = stack->bytes, .count = stack->count };
	row.is_in[side] = true;
	rows->rows = mu_grow(rows->rows, rows->nr, &rows->capacity, sizeof(row));
	rows->rows[rows->nr++] = row;
}

/**
 * mu_diff_rows_add() - add the stacks of a report
 * @rows: the rows; refer to the report
 * @side: which one the report is
 * @report: the report, whose stacks have keys
 */
void mu_diff_rows_add(struct mu_diff_rows *rows, enum mu_side side, const struct mu_report *report)
{
	for (size_t i = 0; i < report->nr_targets; i++) {
		const struct mu_target *t = &report->targets[i];

		for (size_t j = 0; j < t->nr_stacks; j++)
			add_row(rows, side, t, &t->stacks[j]);
	}
}

/* The row whose stack is shown for all with its key is the first one. */
static int compare_keys(const void *a, const void *b)
{
	const struct mu_diff_row *x = a, *y = b;
	int by_key = strcmp(x->key, y->key);

	if (by_key)
		return by_key;
	if (x->is_in[MU_NEW] != y->is_in[MU_NEW])
		return x->is_in[MU_NEW] ? -1 : 1;
	if (x->stack->bytes != y->stack->bytes)
		return x->stack->bytes > y->stack->bytes ? -1 : 1;
	return 0;
}

static void merge_row(struct mu_diff_row *sum, const struct mu_diff_row *row)
{
	mu_amount_add(&sum->change.from, row->change.from);
	mu_amount_add(&sum->change.to, row->change.to);
	sum->is_estimate |= row->is_estimate;
	sum->error = mu_amount_combine_errors(sum->error, row->error);
	for (int side = 0; side < MU_SIDES; side++)
		sum->is_in[side] |= row->is_in[side];
}

static int compare_changes(const void *a, const void *b)
{
	const struct mu_diff_row *x = a, *y = b;
	int by_change = mu_change_compare(&x->change, &y->change);

	return by_change ? by_change : strcmp(x->key, y->key);
}

/**
 * mu_diff_rows_finish() - merge the rows with equal keys
 * @rows: the rows; sorted by change then, the largest growth last
 */
void mu_diff_rows_finish(struct mu_diff_rows *rows)
{
	size_t last = 0;

	if (!rows->nr)
		return;
	qsort(rows->rows, rows->nr, sizeof(*rows->rows), compare_keys);
	for (size_t i = 1; i < rows->nr; i++)
		if (!strcmp(rows->rows[i].key, rows->rows[last].key))
			merge_row(&rows->rows[last], &rows->rows[i]);
		else
			rows->rows[++last] = rows->rows[i];
	rows->nr = last + 1;
	qsort(rows->rows, rows->nr, sizeof(*rows->rows), compare_changes);
	for (size_t i = 0; i < rows->nr; i++)
		rows->by_fate[mu_diff_row_fate(&rows->rows[i])]++;
}

/**
 * mu_diff_row_fate() - what has become of a row
 * @row: the row
 *
 * Return: its fate.
 */
enum mu_fate mu_diff_row_fate(const struct mu_diff_row *row)
{
	int sign = mu_change_sign(&row->change);

	if (!row->is_in[MU_OLD])
		return MU_IS_NEW;
	if (!row->is_in[MU_NEW])
		return MU_IS_GONE;
	if (!sign)
		return MU_UNCHANGED;
	return sign > 0 ? MU_HAS_GROWN : MU_HAS_SHRUNK;
}
