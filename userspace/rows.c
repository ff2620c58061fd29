// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's files with one row per line: allocations and stats.
 *
 * Parsed as strictly as reports. Depends on text.c.
 */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "text.h"

/* Allocates the reader, which is too large for the stack. */
static struct mu_lines *open_lines(FILE *in)
{
	struct mu_lines *lines = mu_zalloc(sizeof(*lines));

	lines->in = in;
	return lines;
}

/* TARGET ADDRESS SIZE AGE THREAD STACK KIND */
static bool parse_allocation(const char *p, struct mu_allocation *a)
{
	uint64_t target, thread;
	struct mu_span kind;

	return mu_take_number(&p, &target) && mu_take(&p, " ") && mu_take_hex(&p, &a->address) &&
	       mu_take(&p, " ") && mu_take_number(&p, &a->size) && mu_take(&p, " ") &&
	       mu_take_number(&p, &a->age_ms) && mu_take(&p, " ") && mu_take_number(&p, &thread) &&
	       mu_take(&p, " ") && mu_take_number(&p, &a->stack) && mu_take(&p, " ") &&
	       mu_take_word(&p, &kind) && !*p;
}

/**
 * mu_filter_is_set() - check whether a filter excludes anything
 * @f: the filter
 *
 * Return: true if it does.
 */
bool mu_filter_is_set(const struct mu_filter *f)
{
	return f->min || f->max != UINT64_MAX || f->older;
}

static bool passes_filter(const struct mu_filter *f, const struct mu_allocation *a)
{
	return a->size >= f->min && a->size <= f->max && a->age_ms >= f->older;
}

static void add_allocation(struct mu_allocations *all, const struct mu_lines *lines,
			   const struct mu_filter *filter)
{
	struct mu_allocation a;

	if (lines->text[0] == '#')
		return;
	if (!lines->is_whole || !parse_allocation(lines->text, &a)) {
		all->errors++;
		return;
	}
	if (!passes_filter(filter, &a))
		return;
	all->rows = mu_grow(all->rows, all->nr, &all->capacity, sizeof(a));
	all->rows[all->nr++] = a;
}

static int compare_sizes(const void *x, const void *y)
{
	const struct mu_allocation *a = x;
	const struct mu_allocation *b = y;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return a->address < b->address ? -1 : a->address > b->address;
}

/**
 * mu_allocations_read() - read the outstanding allocations that pass a filter
 * @in: the file
 * @filter: the filter
 *
 * Return: the allocations sorted by size, the smallest first, as memleak lists them.
 */
struct mu_allocations *mu_allocations_read(FILE *in, const struct mu_filter *filter)
{
	struct mu_allocations *all = mu_zalloc(sizeof(*all));
	struct mu_lines *lines = open_lines(in);

	if (!mu_lines_next(lines) || strcmp(lines->text, "memleak_user allocations 1"))
		all->errors++;
	while (mu_lines_next(lines))
		add_allocation(all, lines, filter);
	if (all->nr)
		qsort(all->rows, all->nr, sizeof(*all->rows), compare_sizes);
	if (all->errors)
		mu_warn("allocations: %zu malformed lines", all->errors);
	free(lines);
	return all;
}

/**
 * mu_allocations_free() - free a list of allocations
 * @allocations: the list; may be NULL
 */
void mu_allocations_free(struct mu_allocations *allocations)
{
	if (allocations)
		free(allocations->rows);
	free(allocations);
}

static int compare_stack_ids(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/**
 * mu_allocations_drop() - remove the allocations of stacks that are left out
 * @allocations: the allocations
 * @out: the stacks
 */
void mu_allocations_drop(struct mu_allocations *allocations, const struct mu_left_out *out)
{
	size_t kept = 0;

	if (!out->nr)
		return;
	for (size_t i = 0; i < allocations->nr; i++)
		if (!bsearch(&allocations->rows[i].stack, out->ids, out->nr, sizeof(*out->ids),
			     compare_stack_ids))
			allocations->rows[kept++] = allocations->rows[i];
	allocations->nr = kept;
}

static int compare_ids(const void *x, const void *y)
{
	const struct mu_stack *a = x;
	const struct mu_stack *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

/* Return: the stack of an allocation, NULL if it was made after the report. */
static struct mu_stack *find_stack(struct mu_target *target, const struct mu_allocation *a)
{
	struct mu_stack key = { .id = a->stack };

	return bsearch(&key, target->stacks, target->nr_stacks, sizeof(key), compare_ids);
}

/**
 * mu_allocations_regroup() - recompute the stacks of a target from a list of allocations
 * @allocations: the allocations to count, no others
 * @target: the target
 *
 * Applies a filter to a target that was attached with another one, and is not sampled. Stacks may
 * be left without allocations.
 */
void mu_allocations_regroup(const struct mu_allocations *allocations, struct mu_target *target)
{
	if (target->nr_stacks)
		qsort(target->stacks, target->nr_stacks, sizeof(*target->stacks), compare_ids);
	for (size_t i = 0; i < target->nr_stacks; i++) {
		target->stacks[i].bytes = 0;
		target->stacks[i].count = 0;
		target->stacks[i].age_min = UINT64_MAX;
		target->stacks[i].age_max = 0;
	}
	target->bytes = 0;
	target->count = 0;
	for (size_t i = 0; i < allocations->nr; i++) {
		const struct mu_allocation *a = &allocations->rows[i];
		struct mu_stack *stack = find_stack(target, a);

		if (!stack)
			continue;
		stack->bytes += a->size;
		stack->count++;
		if (a->age_ms < stack->age_min)
			stack->age_min = a->age_ms;
		if (a->age_ms > stack->age_max)
			stack->age_max = a->age_ms;
		target->bytes += a->size;
		target->count++;
	}
}

/**
 * mu_stats_value() - read a counter
 * @in: the stats file
 * @name: name of the counter
 *
 * Return: its value, 0 if it is not in the file.
 */
uint64_t mu_stats_value(FILE *in, const char *name)
{
	struct mu_lines *lines = open_lines(in);
	uint64_t value = 0;

	while (!value && mu_lines_next(lines)) {
		const char *p = lines->text;

		if (!mu_take(&p, name) || !mu_take(&p, " ") || !mu_take_number(&p, &value) || *p)
			value = 0;
	}
	free(lines);
	return value;
}
