// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the rows of a table have changed: since the last table, and since the start.
 *
 * The start is the last mark of the target, if it has one, else the first table. Rows are found
 * again by the key of their group, or by the id of their stack, which the module never reuses
 * within a target; after a clear all begins anew. Depends on report.c and amount.c.
 */
#include "growth.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

static int compare_rows(const void *a, const void *b)
{
	const struct mu_row *x = a, *y = b;

	if (x->key && y->key)
		return strcmp(x->key, y->key);
	return x->id < y->id ? -1 : x->id > y->id;
}

static void free_table(struct mu_table *table)
{
	for (size_t i = 0; i < table->nr; i++)
		free(table->rows[i].key);
	free(table->rows);
	*table = (struct mu_table){};
}

static struct mu_table copy_table(const struct mu_target *target)
{
	struct mu_table table = { .total = { .bytes = target->bytes, .count = target->count } };

	table.rows = mu_zalloc(target->nr_stacks * sizeof(*table.rows));
	table.nr = target->nr_stacks;
	for (size_t i = 0; i < table.nr; i++) {
		const struct mu_stack *s = &target->stacks[i];

		table.rows[i] = (struct mu_row){ .id = s->id, .amount = { s->bytes, s->count } };
		if (s->key)
			table.rows[i].key = mu_strndup(s->key, strlen(s->key));
	}
	if (table.nr)
		qsort(table.rows, table.nr, sizeof(*table.rows), compare_rows);
	return table;
}

/* Return: what a stack had in a table, 0 if it was not there. */
static struct mu_amount find_amount(const struct mu_table *table, const struct mu_stack *stack)
{
	const struct mu_row key = { .id = stack->id, .key = stack->key };
	const struct mu_row *row = NULL;

	if (table->nr)
		row = bsearch(&key, table->rows, table->nr, sizeof(key), compare_rows);
	return row ? row->amount : (struct mu_amount){};
}

static void compare_with_last(const struct mu_history *history, struct mu_target *target)
{
	target->has_last = true;
	target->last = history->last.total;
	for (size_t i = 0; i < target->nr_stacks; i++)
		target->stacks[i].last = find_amount(&history->last, &target->stacks[i]);
}

static void compare_with_start(const struct mu_history *history, struct mu_target *target)
{
	target->has_start = true;
	target->start = target->has_mark ? target->marked : history->start.total;
	for (size_t i = 0; i < target->nr_stacks; i++) {
		struct mu_stack *s = &target->stacks[i];

		s->start = target->has_mark ? s->marked : find_amount(&history->start, s);
	}
}

/**
 * mu_growth_update() - compute how the stacks of a target have changed
 * @history: the former tables of the target; gets this one
 * @target: the target, whose stacks are those of the table
 *
 * The counter of allocations decreases only if the target was cleared.
 */
void mu_growth_update(struct mu_history *history, struct mu_target *target)
{
	bool is_cleared = target->allocated < history->allocated;

	if (is_cleared)
		mu_history_free(history);
	history->is_cleared = is_cleared;
	if (history->nr_tables)
		compare_with_last(history, target);
	if (history->nr_tables || target->has_mark)
		compare_with_start(history, target);
	free_table(&history->last);
	history->last = copy_table(target);
	if (!history->nr_tables++)
		history->start = copy_table(target);
	history->allocated = target->allocated;
}

/**
 * mu_history_free() - forget the former tables
 * @history: the tables; as at its beginning then
 */
void mu_history_free(struct mu_history *history)
{
	free_table(&history->start);
	free_table(&history->last);
	*history = (struct mu_history){};
}
