// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsers for the lines of a raw report that are present only in some states of a target: while it
 * is sampled, after it was marked, after it was frozen, while it has mappings.
 *
 * As strict as those of report_line.c: a line that is malformed, or that is repeated, is an error
 * and changes nothing. Depends on report_line.c and text.c.
 */
#include "report_state.h"

#include "report_line.h"
#include "text.h"

/* K allocations, error E bytes in D allocations */
static bool parse_estimate(const char *p, struct mu_estimate *estimate)
{
	struct mu_estimate e = { .is_set = true };

	if (estimate->is_set || !mu_take_number(&p, &e.samples) ||
	    !mu_take(&p, " allocations, error ") || !mu_take_number(&p, &e.error.bytes) ||
	    !mu_take(&p, " bytes in ") || !mu_take_number(&p, &e.error.count) ||
	    !mu_take(&p, " allocations") || *p)
		return false;
	*estimate = e;
	return true;
}

/* BYTES bytes in N allocations */
static bool take_amount(const char **p, struct mu_amount *amount)
{
	return mu_take_number(p, &amount->bytes) && mu_take(p, " bytes in ") &&
	       mu_take_number(p, &amount->count) && mu_take(p, " allocations");
}

/* sampling KEY=VALUE: K allocations, error E bytes in D allocations */
static bool parse_sampling(const char *line, struct mu_target *t)
{
	struct mu_span key, sampling;
	const char *p = line;
	uint64_t value;

	if (!mu_take(&p, "sampling "))
		return false;
	sampling.at = p;
	if (!mu_take_until(&p, '=', &key) ||
	    !(mu_span_is(key, "sample") || mu_span_is(key, "every")) || !mu_take_number(&p, &value))
		return false;
	sampling.len = p - sampling.at;
	if (!mu_take(&p, ": ") || !parse_estimate(p, &t->estimate))
		return false;
	t->sampling = mu_span_copy(sampling);
	return true;
}

/* mark MS ms: BYTES bytes in N allocations from S stacks */
static bool parse_mark(const char *line, struct mu_target *t)
{
	struct mu_amount marked;
	const char *p = line;
	uint64_t ms, stacks;

	if (t->has_mark || !mu_take(&p, "mark ") || !mu_take_number(&p, &ms) ||
	    !mu_take(&p, " ms: ") || !take_amount(&p, &marked) || !mu_take(&p, " from ") ||
	    !mu_take_number(&p, &stacks) || !mu_take(&p, stacks == 1 ? " stack" : " stacks") || *p)
		return false;
	t->has_mark = true;
	t->mark_ms = ms;
	t->marked = marked;
	return true;
}

/* frozen MS ms */
static bool parse_frozen(const char *line, struct mu_target *t)
{
	const char *p = line;
	uint64_t ms;

	if (t->is_frozen || !mu_take(&p, "frozen ") || !mu_take_number(&p, &ms) ||
	    !mu_take(&p, " ms") || *p)
		return false;
	t->is_frozen = true;
	t->frozen_ms = ms;
	return true;
}

/* mapped BYTES bytes of address space in N allocations */
static bool parse_mapped(const char *line, struct mu_target *t)
{
	struct mu_amount mapped;
	const char *p = line;

	if (t->has_mapped || !mu_take(&p, "mapped ") || !mu_take_number(&p, &mapped.bytes) ||
	    !mu_take(&p, " bytes of address space in ") || !mu_take_number(&p, &mapped.count) ||
	    !mu_take(&p, " allocations") || *p)
		return false;
	t->has_mapped = true;
	t->mapped = mapped;
	return true;
}

/* marked BYTES bytes in N allocations */
static bool parse_marked(const char *line, struct mu_stack *s)
{
	struct mu_amount marked;
	const char *p = line;

	if (s->has_mark || !mu_take(&p, "marked ") || !take_amount(&p, &marked) || *p)
		return false;
	s->has_mark = true;
	s->marked = marked;
	return true;
}

/**
 * mu_is_target_state() - check whether a line has a state of a target
 * @line: the line
 *
 * Return: true if mu_parse_target_state() is to be called.
 */
bool mu_is_target_state(const char *line)
{
	return mu_begins_with_word(line, "sampling") || mu_begins_with_word(line, "mark") ||
	       mu_begins_with_word(line, "frozen") || mu_begins_with_word(line, "mapped");
}

/**
 * mu_parse_target_state() - parse a line with a state of a target
 * @line: the line
 * @target: the target, which gets the state
 *
 * Return: false if the line is malformed or repeated; @target is unchanged then.
 */
bool mu_parse_target_state(const char *line, struct mu_target *target)
{
	return parse_sampling(line, target) || parse_mark(line, target) ||
	       parse_frozen(line, target) || parse_mapped(line, target);
}

/**
 * mu_is_stack_state() - check whether a line has a state of a stack
 * @line: the line
 *
 * Return: true if mu_parse_stack_state() is to be called.
 */
bool mu_is_stack_state(const char *line)
{
	return mu_begins_with_word(line, "sampled") || mu_begins_with_word(line, "marked");
}

/**
 * mu_parse_stack_state() - parse a line with a state of a stack
 * @line: the line
 * @stack: the stack, which gets the state
 *
 * Return: false if the line is malformed or repeated; @stack is unchanged then.
 */
bool mu_parse_stack_state(const char *line, struct mu_stack *stack)
{
	const char *p = line;

	return (mu_take(&p, "sampled ") && parse_estimate(p, &stack->estimate)) ||
	       parse_marked(line, stack);
}
