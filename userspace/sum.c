// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sum of several targets by equal stacks, as one target that can be printed like any other.
 *
 * A row keeps its id from table to table, so that its growth can be shown while processes come and
 * go. The blocks of a process count as freed when it is not in the sum any more: its memory is gone
 * with it. The counters of allocations and frees therefore never decrease.
 *
 * Targets are in the order of their ids, which are unique in all tables. sum_key.c says which
 * stacks are equal. No messages. Depends on stack_sum.c, sum_state.c and report.c.
 */
#include "sum.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "stack_sum.h"
#include "sum_key.h"
#include "sum_state.h"

/* A row of any table. */
struct row {
	char *key;
	uint64_t id;
	size_t table; /* the last one that it was in */
	size_t stack; /* its index there */
};

struct mu_sum {
	struct mu_sum_objects objects;
	void *rows; /* a tree of struct row */
	uint64_t nr_rows;
	size_t tables;
	struct mu_sum_counters counters;
};

/**
 * mu_sum_new() - prepare to sum up targets
 *
 * Return: what is known of former tables, to be freed.
 */
struct mu_sum *mu_sum_new(void)
{
	return mu_zalloc(sizeof(struct mu_sum));
}

static void free_row(void *node)
{
	struct row *row = node;

	free(row->key);
	free(row);
}

/**
 * mu_sum_free() - free what is known of former tables
 * @sum: the sum
 */
void mu_sum_free(struct mu_sum *sum)
{
	tdestroy(sum->rows, free_row);
	mu_sum_objects_free(&sum->objects);
	mu_sum_counters_free(&sum->counters);
	free(sum);
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Takes the key. */
static struct row *get_row(struct mu_sum *sum, char *key)
{
	struct row wanted = { .key = key };
	struct row **found = tfind(&wanted, &sum->rows, compare_rows);
	struct row *row;

	if (found) {
		free(key);
		return *found;
	}
	row = mu_zalloc(sizeof(*row));
	row->key = key;
	row->id = ++sum->nr_rows;
	tsearch(row, &sum->rows, compare_rows);
	return row;
}

static char *copy_text(const char *text)
{
	return text ? mu_strndup(text, strlen(text)) : NULL;
}

/* The mapping of the first process that has the object stands for those of all. */
static uint64_t add_mapping(struct mu_sum *sum, struct mu_target *result, const struct mu_target *t,
			    const struct mu_sum_place *place)
{
	struct mu_mapping m;

	if (!place->mapping)
		return 0; /* is no mapping's id */
	if (place->object->table == sum->tables)
		return place->object->mapping;
	m = *place->mapping;
	m.origin = (struct mu_origin){ .target = t->id, .mapping = m.id };
	m.id = result->nr_mappings + 1;
	m.build_id = copy_text(m.build_id);
	m.path = copy_text(m.path);
	m.file = copy_text(m.file);
	result->mappings = mu_grow(result->mappings, result->nr_mappings,
				   &result->mappings_capacity, sizeof(m));
	result->mappings[result->nr_mappings++] = m;
	place->object->table = sum->tables;
	place->object->mapping = m.id;
	return m.id;
}

/* Addresses are those of one process, so that only an id can lead to a mapping of the sum. */
static struct mu_frame copy_frame(struct mu_sum *sum, struct mu_target *result,
				  const struct mu_target *t, const struct mu_frame *f)
{
	struct mu_sum_place place = mu_sum_place(&sum->objects, t, f);
	struct mu_frame copy = *f;

	copy.object = copy_text(f->object);
	copy.note = copy_text(f->note);
	copy.has_mapping_id = true;
	copy.mapping_id = add_mapping(sum, result, t, &place);
	return copy;
}

static void copy_frames(struct mu_sum *sum, struct mu_target *result, const struct mu_target *t,
			struct mu_stack *copy, const struct mu_stack *s)
{
	copy->frames = mu_zalloc((s->nr_frames + 1) * sizeof(*copy->frames));
	copy->capacity = s->nr_frames + 1;
	copy->nr_frames = s->nr_frames;
	for (size_t i = 0; i < s->nr_frames; i++)
		copy->frames[i] = copy_frame(sum, result, t, &s->frames[i]);
}

static void add_row(struct mu_sum *sum, struct mu_target *result, const struct mu_target *t,
		    const struct mu_stack *s, struct row *row)
{
	struct mu_stack copy = { .id = row->id, .age_min = UINT64_MAX, .kind = copy_text(s->kind) };

	copy_frames(sum, result, t, &copy, s);
	row->table = sum->tables;
	row->stack = result->nr_stacks;
	result->stacks = mu_grow(result->stacks, result->nr_stacks, &result->stacks_capacity,
				 sizeof(copy));
	result->stacks[result->nr_stacks++] = copy;
}

/* Exact numbers in a sum of estimates have no error. */
static struct mu_estimate estimate_of(const struct mu_target *result, const struct mu_stack *s)
{
	struct mu_estimate e = s->estimate;

	if (result->sampling && !e.is_set)
		e = (struct mu_estimate){ .is_set = true, .samples = s->count };
	return e;
}

static void add_stack(struct mu_sum *sum, struct mu_target *result, const struct mu_target *t,
		      const struct mu_stack *s)
{
	struct row *row = get_row(sum, mu_sum_key(&sum->objects, t, s));
	struct mu_share share = { .target = t->id, .pid = t->pid, .bytes = s->bytes };
	struct mu_stack part = *s;

	if (row->table != sum->tables)
		add_row(sum, result, t, s, row);
	part.estimate = estimate_of(result, s);
	part.shares = &share;
	part.nr_shares = 1;
	mu_stack_add(&result->stacks[row->stack], &part);
}

/**
 * mu_sum_targets() - sum up targets for a table
 * @sum: what is known of former tables; updated
 * @targets: the targets, in the order of their ids
 * @nr: number of @targets
 * @result: set to the sum, to be freed with mu_target_free()
 */
void mu_sum_targets(struct mu_sum *sum, const struct mu_target *const *targets, size_t nr,
		    struct mu_target *result)
{
	sum->tables++;
	mu_sum_states(targets, nr, result);
	mu_sum_count(&sum->counters, targets, nr, result);
	for (size_t i = 0; i < nr; i++)
		for (size_t j = 0; j < targets[i]->nr_stacks; j++)
			if (targets[i]->stacks[j].count)
				add_stack(sum, result, targets[i], &targets[i]->stacks[j]);
	result->stacks_expected = result->nr_stacks;
}
