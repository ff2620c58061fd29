// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sums and states of several targets as a whole, without their stacks.
 *
 * No messages. Depends on report.c and amount.c.
 */
#include "sum_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define NAMES_SHOWN 3

/* === Names === */

static bool is_first_with_name(const struct mu_target *const *targets, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(targets[j]->comm, targets[i]->comm))
			return false;
	return true;
}

/* Return: "app", "app, worker and 3 more", to be freed. */
static char *join_names(const struct mu_target *const *targets, size_t nr)
{
	size_t names = 0;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	for (size_t i = 0; i < nr; i++)
		if (is_first_with_name(targets, i) && names++ < NAMES_SHOWN)
			fprintf(out, "%s%s", names > 1 ? ", " : "", targets[i]->comm);
	if (names > NAMES_SHOWN)
		fprintf(out, " and %zu more", names - NAMES_SHOWN);
	if (fclose(out))
		abort();
	return text;
}

/* === Sums of the lines before the stacks === */

static void add_count(struct mu_target *result, const struct mu_count *count)
{
	for (size_t i = 0; i < result->nr_counts; i++)
		if (!strcmp(result->counts[i].name, count->name)) {
			result->counts[i].value = mu_add_limited(result->counts[i].value,
								 count->value);
			return;
		}
	result->counts = mu_grow(result->counts, result->nr_counts, &result->counts_capacity,
				 sizeof(*count));
	result->counts[result->nr_counts++] = (struct mu_count){
		.name = mu_strndup(count->name, strlen(count->name)),
		.value = count->value,
	};
}

static void add_unseen(struct mu_target *result, const char *message)
{
	for (size_t i = 0; i < result->nr_unseen; i++)
		if (!strcmp(result->unseen[i], message))
			return;
	result->unseen = mu_grow(result->unseen, result->nr_unseen, &result->unseen_capacity,
				 sizeof(*result->unseen));
	result->unseen[result->nr_unseen++] = mu_strndup(message, strlen(message));
}

static void add_target(struct mu_target *result, const struct mu_target *t)
{
	result->bytes = mu_add_limited(result->bytes, t->bytes);
	result->count = mu_add_limited(result->count, t->count);
	result->lost = mu_add_limited(result->lost, t->lost);
	if (t->ms > result->ms)
		result->ms = t->ms;
	for (size_t i = 0; i < t->nr_counts; i++)
		add_count(result, &t->counts[i]);
	for (size_t i = 0; i < t->nr_unseen; i++)
		add_unseen(result, t->unseen[i]);
}

/* If only some are sampled, the numbers of the others have no error. */
static void add_samples(struct mu_target *result, const struct mu_target *t)
{
	struct mu_estimate *e = &result->estimate;

	e->is_set = true;
	e->samples = mu_add_limited(e->samples, t->sampling ? t->estimate.samples : t->count);
	e->error = mu_amount_combine_errors(e->error, t->estimate.error);
}

static void set_sampling(struct mu_target *result, const struct mu_target *const *targets,
			 size_t nr)
{
	const char *sampling = NULL;
	bool differ = false;

	for (size_t i = 0; i < nr; i++) {
		if (targets[i]->sampling && !sampling)
			sampling = targets[i]->sampling;
		else if (targets[i]->sampling)
			differ |= strcmp(targets[i]->sampling, sampling) != 0;
	}
	if (!sampling)
		return;
	result->sampling = mu_format("%s%s", sampling, differ ? " and others" : "");
	for (size_t i = 0; i < nr; i++)
		add_samples(result, targets[i]);
}

/*
 * Processes that began after the oldest mark had nothing then. If another one was not marked, there
 * is nothing to compare it with.
 */
static void set_mark(struct mu_target *result, const struct mu_target *const *targets, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (!targets[i]->has_mark)
			continue;
		result->has_mark = true;
		mu_amount_add(&result->marked, targets[i]->marked);
		if (targets[i]->mark_ms > result->mark_ms)
			result->mark_ms = targets[i]->mark_ms;
	}
	for (size_t i = 0; i < nr; i++)
		if (!targets[i]->has_mark && targets[i]->ms > result->mark_ms)
			result->has_mark = false;
}

static void set_frozen(struct mu_target *result, const struct mu_target *const *targets, size_t nr)
{
	result->is_frozen = nr != 0;
	for (size_t i = 0; i < nr; i++) {
		result->is_frozen &= targets[i]->is_frozen;
		if (!i || targets[i]->frozen_ms < result->frozen_ms)
			result->frozen_ms = targets[i]->frozen_ms;
	}
}

static const char *state_of(const struct mu_target *const *targets, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(targets[i]->state, "tracing"))
			return "tracing";
	return nr ? targets[0]->state : "exited";
}

/**
 * mu_sum_states() - sum up targets, but for their stacks and counters of allocations
 * @targets: the targets
 * @nr: number of @targets
 * @result: set to the sum
 */
void mu_sum_states(const struct mu_target *const *targets, size_t nr, struct mu_target *result)
{
	const char *state = state_of(targets, nr);

	*result = (struct mu_target){
		.nr_processes = nr,
		.comm = join_names(targets, nr),
		.state = mu_strndup(state, strlen(state)),
	};
	for (size_t i = 0; i < nr; i++)
		add_target(result, targets[i]);
	set_sampling(result, targets, nr);
	set_mark(result, targets, nr);
	set_frozen(result, targets, nr);
}

/* === Counters of allocations and frees === */

/*
 * Allocations of a target that has gone, or was cleared, are freed. Both lists are in the order of
 * ids.
 */
static void add_gone(struct mu_sum_counters *counters, const struct mu_target *const *targets,
		     size_t nr)
{
	size_t i = 0;

	for (size_t j = 0; j < counters->nr; j++) {
		const struct mu_sum_counter *last = &counters->last[j];

		while (i < nr && targets[i]->id < last->id)
			i++;
		if (i == nr || targets[i]->id != last->id ||
		    targets[i]->allocated < last->allocated || targets[i]->freed < last->freed)
			counters->gone = mu_add_limited(counters->gone, last->allocated);
	}
}

static void remember_counters(struct mu_sum_counters *counters,
			      const struct mu_target *const *targets, size_t nr)
{
	free(counters->last);
	counters->last = mu_zalloc((nr + 1) * sizeof(*counters->last));
	counters->nr = nr;
	for (size_t i = 0; i < nr; i++)
		counters->last[i] = (struct mu_sum_counter){
			.id = targets[i]->id,
			.allocated = targets[i]->allocated,
			.freed = targets[i]->freed,
		};
}

/**
 * mu_sum_count() - sum up the counters of allocations and frees since the first table
 * @counters: those of the last table; updated
 * @targets: the targets, in the order of their ids
 * @nr: number of @targets
 * @result: gets the sums
 */
void mu_sum_count(struct mu_sum_counters *counters, const struct mu_target *const *targets,
		  size_t nr, struct mu_target *result)
{
	add_gone(counters, targets, nr);
	remember_counters(counters, targets, nr);
	result->has_events = true;
	result->allocated = counters->gone;
	result->freed = counters->gone;
	for (size_t i = 0; i < nr; i++) {
		result->has_events &= targets[i]->has_events;
		result->allocated = mu_add_limited(result->allocated, targets[i]->allocated);
		result->freed = mu_add_limited(result->freed, targets[i]->freed);
	}
}

/**
 * mu_sum_counters_free() - forget the counters
 * @counters: the counters
 */
void mu_sum_counters_free(struct mu_sum_counters *counters)
{
	free(counters->last);
	*counters = (struct mu_sum_counters){};
}
