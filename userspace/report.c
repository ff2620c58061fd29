// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of raw reports: strict about every line, robust about the whole.
 * A line that is not exactly as the ABI says is counted, named and left out.
 */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "report_line.h"
#include "text.h"

#define ERRORS_SAID 3

struct reader {
	struct mu_lines lines;
	const char *name;
	struct mu_report *report;
	struct mu_target *target; /* the last one, what follows is its */
	struct mu_stack *stack;	  /* frames may follow */
};

static bool add_target(struct reader *r, const char *line)
{
	struct mu_report *report = r->report;
	struct mu_target t;

	r->target = NULL;
	if (!mu_parse_target(line, &t))
		return false;
	report->targets = mu_grow(report->targets, report->nr_targets, &report->room, sizeof(t));
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
	t->stacks = mu_grow(t->stacks, t->nr_stacks, &t->stacks_room, sizeof(s));
	r->stack = &t->stacks[t->nr_stacks++];
	*r->stack = s;
	return true;
}

static bool add_frame(struct mu_stack *stack, const char *line)
{
	struct mu_frame f;

	if (!stack || !mu_parse_frame(line, &f))
		return false;
	stack->frames = mu_grow(stack->frames, stack->nr_frames, &stack->room, sizeof(f));
	stack->frames[stack->nr_frames++] = f;
	return true;
}

static bool add_mapping(struct mu_target *t, const char *line)
{
	struct mu_mapping m;

	if (!t || !mu_parse_mapping(line, &m))
		return false;
	t->mappings = mu_grow(t->mappings, t->nr_mappings, &t->mappings_room, sizeof(m));
	t->mappings[t->nr_mappings++] = m;
	return true;
}

static bool add_unseen(struct mu_target *t, const char *line)
{
	char *sentence = t ? mu_parse_unseen(line) : NULL;

	if (!sentence)
		return false;
	t->unseen = mu_grow(t->unseen, t->nr_unseen, &t->unseen_room, sizeof(*t->unseen));
	t->unseen[t->nr_unseen++] = sentence;
	return true;
}

/* A line that begins with a word. NULL where the word is none of those that are read. */
static const char *take_worded_line(struct reader *r, const char *line, bool *is_known)
{
	*is_known = true;
	if (mu_begins_with_word(line, "mapping"))
		return add_mapping(r->target, line) ? NULL : "this is no mapping of a target";
	if (mu_begins_with_word(line, "target"))
		return add_target(r, line) ? NULL : "this is no head of a target";
	if (mu_begins_with_word(line, "events"))
		return r->target && mu_parse_events(line, r->target) ?
			       NULL :
			       "these are no events of a target";
	if (mu_begins_with_word(line, "unseen"))
		return add_unseen(r->target, line) ? NULL : "this is no unseen line of a target";
	*is_known = false;
	return mu_begins_with_any_word(line) ? NULL : "this is no line of a report";
}

/*
 * One line of the body. A head, a stack and a mapping each end the stack before them. A line that
 * begins with another word comes from a newer module and changes nothing.
 */
static const char *take_line(struct reader *r, const char *line)
{
	struct mu_stack *stack = r->stack;
	const char *wrong;
	bool is_known;

	if (!r->lines.is_whole)
		return "the line is cut short or not text";
	if (line[0] == '\t')
		return add_frame(stack, line) ? NULL : "this is no frame of a stack";
	if (line[0] >= '0' && line[0] <= '9') {
		r->stack = NULL;
		return add_stack(r, line) ? NULL : "this is no stack of a target";
	}
	wrong = take_worded_line(r, line, &is_known);
	if (is_known)
		r->stack = NULL;
	return wrong;
}

static void read_line(struct reader *r)
{
	const char *wrong = take_line(r, r->lines.text);

	if (wrong && r->report->errors++ < ERRORS_SAID)
		mu_warn("%s: line %lu: %s", r->name, r->lines.nr, wrong);
}

/* Frames in a file whose mapping line is missing. */
static size_t unmapped_frames(const struct mu_target *t)
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
	size_t missing = unmapped_frames(t);

	if (!missing)
		return;
	r->report->errors++;
	mu_warn("%s: target %" PRIu64 ": the mappings of %zu frames are missing", r->name, t->id,
		missing);
}

static void check_complete(struct reader *r)
{
	for (size_t i = 0; i < r->report->nr_targets; i++) {
		struct mu_target *t = &r->report->targets[i];

		check_mappings(r, t);
		if (t->nr_stacks == t->stacks_told)
			continue;
		r->report->errors++;
		mu_warn("%s: target %" PRIu64 ": %zu of %" PRIu64 " stacks are there", r->name,
			t->id, t->nr_stacks, t->stacks_told);
	}
	if (r->report->errors > ERRORS_SAID)
		mu_warn("%s: %zu errors in all", r->name, r->report->errors);
}

/* The first line decides whether it is a report, and one that this tool can read. */
static bool read_head(struct reader *r)
{
	const char *p = r->lines.text;
	uint64_t version;

	if (!mu_lines_next(&r->lines) || !r->lines.is_whole ||
	    !mu_take(&p, "memleak_user report ") || !mu_take_number(&p, &version) || *p) {
		mu_warn("%s: this is no report of memleak_user", r->name);
		return false;
	}
	if (version != 1) {
		mu_warn("%s: it is a report of version %" PRIu64 ", this tool reads version 1",
			r->name, version);
		return false;
	}
	return true;
}

struct mu_report *mu_report_read(FILE *in, const char *name)
{
	struct reader *r = mu_zalloc(sizeof(*r));
	struct mu_report *report = NULL;

	r->lines.in = in;
	r->name = name;
	if (read_head(r)) {
		report = mu_zalloc(sizeof(*report));
		r->report = report;
		while (mu_lines_next(&r->lines))
			read_line(r);
		check_complete(r);
	}
	free(r);
	return report;
}

static void free_target(struct mu_target *t)
{
	for (size_t i = 0; i < t->nr_stacks; i++) {
		for (size_t j = 0; j < t->stacks[i].nr_frames; j++)
			mu_frame_free(&t->stacks[i].frames[j]);
		free(t->stacks[i].frames);
		free(t->stacks[i].kind);
	}
	for (size_t i = 0; i < t->nr_mappings; i++) {
		free(t->mappings[i].build_id);
		free(t->mappings[i].path);
	}
	for (size_t i = 0; i < t->nr_counts; i++)
		free(t->counts[i].name);
	for (size_t i = 0; i < t->nr_unseen; i++)
		free(t->unseen[i]);
	free(t->counts);
	free(t->unseen);
	free(t->stacks);
	free(t->mappings);
	free(t->comm);
	free(t->state);
}

void mu_report_free(struct mu_report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->nr_targets; i++)
		free_target(&report->targets[i]);
	free(report->targets);
	free(report);
}

static const struct mu_mapping *by_id(const struct mu_target *t, uint64_t id)
{
	for (size_t i = 0; i < t->nr_mappings; i++)
		if (t->mappings[i].id == id)
			return &t->mappings[i];
	return NULL;
}

/* A return address may be the end of its mapping, behind a call that never returns. */
const struct mu_mapping *mu_report_mapping(const struct mu_target *target,
					   const struct mu_frame *frame)
{
	if (frame->has_mapping_id)
		return by_id(target, frame->mapping_id);
	for (size_t i = 0; i < target->nr_mappings; i++) {
		const struct mu_mapping *m = &target->mappings[i];

		if (!m->unmapped && frame->pc > m->start && frame->pc <= m->end)
			return m;
	}
	return NULL;
}

/* Equal ones keep a fixed order, the oldest stack last, so that two tables can be compared. */
static int compare_stacks(const void *a, const void *b, void *sort)
{
	const struct mu_stack *x = a;
	const struct mu_stack *y = b;
	bool by_count = *(enum mu_sort *)sort == MU_SORT_COUNT;
	uint64_t first = by_count ? x->count : x->bytes;
	uint64_t second = by_count ? y->count : y->bytes;

	if (first != second)
		return first < second ? -1 : 1;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x->id > y->id ? -1 : x->id < y->id;
}

void mu_report_sort(struct mu_target *target, enum mu_sort sort)
{
	if (target->nr_stacks)
		qsort_r(target->stacks, target->nr_stacks, sizeof(*target->stacks), compare_stacks,
			&sort);
}
