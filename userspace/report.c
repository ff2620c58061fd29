// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of a raw report, docs/ABI/debugfs-memleak_user: targets with their stacks, frames and
 * mappings.
 *
 * Parsing is strict for each line and tolerant for the whole report: a line that does not match the
 * ABI is counted, reported and skipped. The model owns all its strings. Names stay escaped, so that
 * they can be printed; only the path of a mapping is unescaped, to be opened.
 *
 * Depends on report_line.c and report_state.c for single lines, and on text.c.
 */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "report_line.h"
#include "report_state.h"
#include "text.h"

#define ERRORS_PRINTED 3

struct reader {
	struct mu_lines lines;
	const char *name;
	struct mu_report *report;
	struct mu_target *target; /* the one that the next lines belong to */
	struct mu_stack *stack;	  /* the one that the next frames belong to, or NULL */
};

static bool add_target(struct reader *r, const char *line)
{
	struct mu_report *report = r->report;
	struct mu_target t;

	r->target = NULL;
	if (!mu_parse_target(line, &t))
		return false;
	report->targets = mu_grow(report->targets, report->nr_targets, &report->capacity,
				  sizeof(t));
	r->target = &report->targets[report->nr_targets++];
	*r->target = t;
	return true;
}

static bool add_stack(struct reader *r, const char *line)
{
	struct mu_target *t = r->target;
	struct mu_stack s;

	if (!t || !mu_parse_stack(line, &s))
		return false;
	t->stacks = mu_grow(t->stacks, t->nr_stacks, &t->stacks_capacity, sizeof(s));
	r->stack = &t->stacks[t->nr_stacks++];
	*r->stack = s;
	return true;
}

static bool add_frame(struct mu_stack *stack, const char *line)
{
	struct mu_frame f;

	if (!stack || !mu_parse_frame(line, &f))
		return false;
	stack->frames = mu_grow(stack->frames, stack->nr_frames, &stack->capacity, sizeof(f));
	stack->frames[stack->nr_frames++] = f;
	return true;
}

static bool add_mapping(struct mu_target *t, const char *line)
{
	struct mu_mapping m;

	if (!t || !mu_parse_mapping(line, &m))
		return false;
	t->mappings = mu_grow(t->mappings, t->nr_mappings, &t->mappings_capacity, sizeof(m));
	t->mappings[t->nr_mappings++] = m;
	return true;
}

static bool add_unseen(struct mu_target *t, const char *line)
{
	char *message = t ? mu_parse_unseen(line) : NULL;

	if (!message)
		return false;
	t->unseen = mu_grow(t->unseen, t->nr_unseen, &t->unseen_capacity, sizeof(*t->unseen));
	t->unseen[t->nr_unseen++] = message;
	return true;
}

/*
 * Add a line that begins with a word; other words are ignored. *ends_stack is set to false if the
 * next frames belong to the same stack as before.
 * Return: NULL, or what is wrong with the line.
 */
static const char *add_worded_line(struct reader *r, const char *line, bool *ends_stack)
{
	*ends_stack = true;
	if (mu_begins_with_word(line, "mapping"))
		return add_mapping(r->target, line) ? NULL : "invalid mapping line";
	if (mu_begins_with_word(line, "target"))
		return add_target(r, line) ? NULL : "invalid target line";
	if (mu_begins_with_word(line, "events"))
		return r->target && mu_parse_events(line, r->target) ? NULL : "invalid events line";
	if (mu_begins_with_word(line, "unseen"))
		return add_unseen(r->target, line) ? NULL : "invalid unseen line";
	if (mu_is_target_state(line))
		return r->target && mu_parse_target_state(line, r->target) ?
			       NULL :
			       "invalid line of a target's state";
	*ends_stack = false;
	if (mu_is_stack_state(line))
		return r->stack && mu_parse_stack_state(line, r->stack) ?
			       NULL :
			       "invalid line of a stack's state";
	return mu_begins_with_any_word(line) ? NULL : "not a line of a report";
}

/*
 * Add a line of the body. A target, a stack and a mapping each end the stack before them. A line
 * that begins with an unknown word comes from a newer module and is ignored.
 * Return: NULL, or what is wrong with the line.
 */
static const char *add_line(struct reader *r, const char *line)
{
	struct mu_stack *stack = r->stack;
	const char *wrong;
	bool ends_stack;

	if (!r->lines.is_whole)
		return "the line is truncated or has non-printable characters";
	if (line[0] == '\t')
		return add_frame(stack, line) ? NULL : "invalid frame line";
	if (line[0] >= '0' && line[0] <= '9') {
		r->stack = NULL;
		return add_stack(r, line) ? NULL : "invalid stack line";
	}
	wrong = add_worded_line(r, line, &ends_stack);
	if (ends_stack)
		r->stack = NULL;
	return wrong;
}

/* Count the frames in a file whose mapping line is missing. */
static size_t count_unmapped_frames(const struct mu_target *t)
{
	size_t missing = 0;

	for (size_t i = 0; i < t->nr_stacks; i++) {
		const struct mu_stack *stack = &t->stacks[i];

		for (size_t j = 0; j < stack->nr_frames; j++)
			missing += stack->frames[j].object[0] != '[' &&
				   !mu_report_mapping(t, &stack->frames[j]);
	}
	return missing;
}

static void check_mappings(struct reader *r, const struct mu_target *t)
{
	size_t missing = count_unmapped_frames(t);

	if (!missing)
		return;
	r->report->errors++;
	mu_warn("%s: target %" PRIu64 ": missing mappings of %zu frames", r->name, t->id, missing);
}

static void check_complete(struct reader *r)
{
	for (size_t i = 0; i < r->report->nr_targets; i++) {
		struct mu_target *t = &r->report->targets[i];

		check_mappings(r, t);
		if (t->nr_stacks == t->stacks_expected)
			continue;
		r->report->errors++;
		mu_warn("%s: target %" PRIu64 ": %zu of %" PRIu64 " stacks found", r->name, t->id,
			t->nr_stacks, t->stacks_expected);
	}
	if (r->report->errors > ERRORS_PRINTED)
		mu_warn("%s: %zu errors in total", r->name, r->report->errors);
}

static bool read_head(struct reader *r)
{
	const char *p = r->lines.text;
	uint64_t version;

	if (!mu_lines_next(&r->lines) || !r->lines.is_whole ||
	    !mu_take(&p, "memleak_user report ") || !mu_take_number(&p, &version) || *p) {
		mu_warn("%s: not a report of memleak_user", r->name);
		return false;
	}
	if (version != 1) {
		mu_warn("%s: unsupported report version %" PRIu64 ", this tool reads version 1",
			r->name, version);
		return false;
	}
	return true;
}

/**
 * mu_report_read() - read a report
 * @in: the file; read to its end
 * @name: name of the file for messages
 *
 * Prints the first few errors. A report with errors keeps what was parsed.
 *
 * Return: the report, or NULL, with a message, if the file is not a report of version 1.
 */
struct mu_report *mu_report_read(FILE *in, const char *name)
{
	struct reader *r = mu_zalloc(sizeof(*r));
	struct mu_report *report = NULL;

	r->lines.in = in;
	r->name = name;
	if (read_head(r)) {
		report = mu_zalloc(sizeof(*report));
		r->report = report;
		while (mu_lines_next(&r->lines)) {
			const char *wrong = add_line(r, r->lines.text);

			if (wrong && report->errors++ < ERRORS_PRINTED)
				mu_warn("%s: line %lu: %s", name, r->lines.nr, wrong);
		}
		check_complete(r);
	}
	free(r);
	return report;
}

/**
 * mu_stack_free() - free what a stack owns
 * @stack: the stack
 */
void mu_stack_free(struct mu_stack *stack)
{
	for (size_t i = 0; i < stack->nr_frames; i++)
		mu_frame_free(&stack->frames[i]);
	free(stack->frames);
	free(stack->kind);
	free(stack->key);
	free(stack->shares);
}

/**
 * mu_target_free() - free what a target owns
 * @t: the target
 */
void mu_target_free(struct mu_target *t)
{
	for (size_t i = 0; i < t->nr_stacks; i++)
		mu_stack_free(&t->stacks[i]);
	for (size_t i = 0; i < t->nr_mappings; i++) {
		free(t->mappings[i].build_id);
		free(t->mappings[i].path);
		free(t->mappings[i].file);
	}
	for (size_t i = 0; i < t->nr_counts; i++)
		free(t->counts[i].name);
	for (size_t i = 0; i < t->nr_unseen; i++)
		free(t->unseen[i]);
	free(t->counts);
	free(t->sampling);
	free(t->left_out.ids);
	free(t->unseen);
	free(t->stacks);
	free(t->mappings);
	free(t->comm);
	free(t->state);
}

/**
 * mu_report_free() - free a report
 * @report: the report; may be NULL
 */
void mu_report_free(struct mu_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->nr_targets; i++)
		mu_target_free(&report->targets[i]);
	free(report->targets);
	free(report);
}

static const struct mu_mapping *find_mapping(const struct mu_target *t, uint64_t id)
{
	for (size_t i = 0; i < t->nr_mappings; i++)
		if (t->mappings[i].id == id)
			return &t->mappings[i];
	return NULL;
}

/**
 * mu_report_mapping() - find the mapping that a frame is in
 * @target: the target
 * @frame: a frame of it
 *
 * The pc may be the end of its mapping: a return address behind a call that never returns.
 *
 * Return: the mapping, or NULL if the frame is in no file.
 */
const struct mu_mapping *mu_report_mapping(const struct mu_target *target,
					   const struct mu_frame *frame)
{
	if (frame->has_mapping_id)
		return find_mapping(target, frame->mapping_id);
	for (size_t i = 0; i < target->nr_mappings; i++) {
		const struct mu_mapping *m = &target->mappings[i];

		if (!m->unmapped && frame->pc > m->start && frame->pc <= m->end)
			return m;
	}
	return NULL;
}

static int compare_growth(const struct mu_stack *x, const struct mu_stack *y)
{
	struct mu_change first = { x->start, { x->bytes, x->count } };
	struct mu_change second = { y->start, { y->bytes, y->count } };
	int since_start = mu_change_compare(&first, &second);

	first.from = x->last;
	second.from = y->last;
	return since_start ? since_start : mu_change_compare(&first, &second);
}

/**
 * mu_count_loss() - get the reason of the losses that a counter counts
 * @count: a counter of the events line
 *
 * Return: its name without "lost_"; NULL if it counts something else
 */
const char *mu_count_loss(const struct mu_count *count)
{
	static const char prefix[] = "lost_";
	size_t length = strlen(prefix);

	return strncmp(count->name, prefix, length) ? NULL : count->name + length;
}

/* Equal stacks are sorted by id, the oldest one last, so that tables can be compared. */
static int compare_stacks(const void *a, const void *b, void *sort)
{
	const struct mu_stack *x = a;
	const struct mu_stack *y = b;
	enum mu_sort by = *(enum mu_sort *)sort;
	int growth = by == MU_SORT_GROWTH ? compare_growth(x, y) : 0;

	if (growth)
		return growth;
	if (by != MU_SORT_COUNT && x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return x->id > y->id ? -1 : x->id < y->id;
}

/**
 * mu_report_sort() - sort the stacks of a target, the largest last, as memleak does
 * @target: the target
 * @sort: what they are sorted by
 */
void mu_report_sort(struct mu_target *target, enum mu_sort sort)
{
	if (target->nr_stacks)
		qsort_r(target->stacks, target->nr_stacks, sizeof(*target->stacks), compare_stacks,
			&sort);
}
