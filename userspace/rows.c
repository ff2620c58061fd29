// SPDX-License-Identifier: GPL-2.0-only
/* One fact a line: parsed as strictly as reports are, from the same scanner. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "report_line.h"
#include "text.h"

/* A struct mu_lines is large: it lives on the heap for the length of one reading. */
static struct mu_lines *lines_of(FILE *in)
{
	struct mu_lines *lines = mu_zalloc(sizeof(*lines));

	lines->in = in;
	return lines;
}

/* The words up to the one that ends in a colon, which closes what is told of the target. */
static bool take_keys(const char **p, struct mu_span *state, struct mu_span *keys)
{
	struct mu_span word;

	if (!mu_take_word(p, state))
		return false;
	*keys = (struct mu_span){ .at = *p + (**p == ' '), .len = 0 };
	word = *state;
	while (word.at[word.len - 1] != ':') {
		if (!mu_take(p, " ") || !mu_take_word(p, &word))
			return false;
		keys->len = word.at + word.len - 1 - keys->at;
	}
	if (state->at[state->len - 1] == ':')
		state->len--;
	return true;
}

/* target ID pid PID COMM STATE[ key=value...]: PROBE[, PROBE...] */
static bool parse_control(const char *p, struct mu_control_row *row)
{
	struct mu_span comm, state, keys;

	if (!mu_take(&p, "target ") || !mu_take_number(&p, &row->id) || !mu_take(&p, " pid ") ||
	    !mu_take_number(&p, &row->pid) || !mu_take(&p, " ") || !mu_take_word(&p, &comm) ||
	    !mu_take(&p, " ") || !take_keys(&p, &state, &keys))
		return false;
	row->live = mu_span_is(state, "tracing");
	row->keys = mu_span_copy(keys);
	return true;
}

void mu_control_row_free(struct mu_control_row *row)
{
	for (size_t i = 0; i < row->nr_unseen; i++)
		free(row->unseen[i]);
	free(row->unseen);
	free(row->keys);
}

/* The unseen lines behind a target's own; any other line but that of a target is skipped. */
static void read_unseen(struct mu_lines *lines, struct mu_control_row *row)
{
	while (mu_lines_next(lines) && !mu_begins_with_word(lines->text, "target")) {
		char *sentence = lines->is_whole ? mu_parse_unseen(lines->text) : NULL;

		if (!sentence)
			continue;
		row->unseen = mu_grow(row->unseen, row->nr_unseen, &row->unseen_room,
				      sizeof(*row->unseen));
		row->unseen[row->nr_unseen++] = sentence;
	}
}

bool mu_control_find(FILE *control, uint64_t pid, struct mu_control_row *row)
{
	struct mu_lines *lines = lines_of(control);
	bool found = false;

	*row = (struct mu_control_row){};
	while (!found && mu_lines_next(lines)) {
		if (!lines->is_whole || !parse_control(lines->text, row))
			continue;
		found = row->live && row->pid == pid;
		if (!found)
			free(row->keys);
	}
	if (found)
		read_unseen(lines, row);
	free(lines);
	return found;
}

/* " (ERRNO), written by COMM[PID]" is left off: the tool has its own way to say who and what. */
static char *sentence_of(const char *p, const char *command)
{
	const char *end = strstr(p, "), written by ");

	if (mu_take(&p, command))
		mu_take(&p, ": ");
	while (end && end > p && strncmp(end, " (", 2))
		end--;
	return mu_strndup(p, end && end > p ? (size_t)(end - p) : strlen(p));
}

char *mu_control_sentence(FILE *control, const char *command)
{
	struct mu_lines *lines = lines_of(control);
	char *sentence = NULL;

	while (!sentence && mu_lines_next(lines)) {
		const char *p = lines->text;

		if (mu_take(&p, "refused "))
			sentence = sentence_of(p, command);
	}
	free(lines);
	return sentence;
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

static bool passes(const struct mu_filter *f, const struct mu_allocation *a)
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
	if (!passes(filter, &a))
		return;
	all->rows = mu_grow(all->rows, all->nr, &all->room, sizeof(a));
	all->rows[all->nr++] = a;
}

static int by_size(const void *x, const void *y)
{
	const struct mu_allocation *a = x;
	const struct mu_allocation *b = y;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return a->address < b->address ? -1 : a->address > b->address;
}

struct mu_allocations *mu_allocations_read(FILE *in, const struct mu_filter *filter)
{
	struct mu_allocations *all = mu_zalloc(sizeof(*all));
	struct mu_lines *lines = lines_of(in);

	if (!mu_lines_next(lines) || strcmp(lines->text, "memleak_user allocations 1"))
		all->errors++;
	while (mu_lines_next(lines))
		add_allocation(all, lines, filter);
	if (all->nr)
		qsort(all->rows, all->nr, sizeof(*all->rows), by_size);
	if (all->errors)
		mu_warn("allocations: %zu lines were not understood", all->errors);
	free(lines);
	return all;
}

void mu_allocations_free(struct mu_allocations *allocations)
{
	if (allocations)
		free(allocations->rows);
	free(allocations);
}

static int by_id(const void *x, const void *y)
{
	const struct mu_stack *a = x;
	const struct mu_stack *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

/* The stack of an allocation; NULL when it was made after the report was. */
static struct mu_stack *stack_of(struct mu_target *target, const struct mu_allocation *a)
{
	struct mu_stack key = { .id = a->stack };

	return bsearch(&key, target->stacks, target->nr_stacks, sizeof(key), by_id);
}

static void uncharge(struct mu_stack *stack)
{
	stack->bytes = 0;
	stack->count = 0;
}

void mu_allocations_regroup(const struct mu_allocations *allocations, struct mu_target *target)
{
	if (!target->nr_stacks)
		return;
	qsort(target->stacks, target->nr_stacks, sizeof(*target->stacks), by_id);
	for (size_t i = 0; i < target->nr_stacks; i++)
		uncharge(&target->stacks[i]);
	target->bytes = 0;
	target->count = 0;
	for (size_t i = 0; i < allocations->nr; i++) {
		struct mu_stack *stack = stack_of(target, &allocations->rows[i]);

		if (!stack)
			continue;
		stack->bytes += allocations->rows[i].size;
		stack->count++;
		target->bytes += allocations->rows[i].size;
		target->count++;
	}
}

uint64_t mu_stats_value(FILE *in, const char *name)
{
	struct mu_lines *lines = lines_of(in);
	uint64_t value = 0;

	while (!value && mu_lines_next(lines)) {
		const char *p = lines->text;

		if (!mu_take(&p, name) || !mu_take(&p, " ") || !mu_take_number(&p, &value) || *p)
			value = 0;
	}
	free(lines);
	return value;
}
