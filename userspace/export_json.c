// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format json: one object with all that a report has, for scripts. The schema is in
 * docs/export.md.
 *
 * Sizes and counts are integers of up to 64 bits, addresses are strings in hexadecimal. Text of a
 * profile needs two escapes only, as it is valid UTF-8 without control characters. Depends on
 * profile.c and utf8.c.
 */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define NS_PER_MS 1000000ULL
#define VERSION 1

static void write_string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void write_string_or_null(FILE *out, const char *text)
{
	if (text)
		write_string(out, text);
	else
		fputs("null", out);
}

/* Write a string that is not text of a profile. */
static void write_bytes(FILE *out, const char *bytes)
{
	char *text = mu_utf8_escape(bytes);

	write_string(out, text);
	free(text);
}

static void write_amount(FILE *out, const char *name, struct mu_amount a)
{
	fprintf(out, ", \"%s\": {\"bytes\": %" PRIu64 ", \"blocks\": %" PRIu64 "}", name, a.bytes,
		a.count);
}

static const char *bool_word(bool value)
{
	return value ? "true" : "false";
}

/* Separate the elements of a list. */
static void begin_element(FILE *out, size_t index)
{
	fputs(index ? ",\n" : "\n", out);
}

/* === Targets === */

static void write_counters(FILE *out, const struct mu_target *t)
{
	fprintf(out, ", \"lost\": %" PRIu64 ", \"counters\": {", t->lost);
	for (size_t i = 0; i < t->nr_counts; i++) {
		fputs(i ? ", " : "", out);
		write_bytes(out, t->counts[i].name);
		fprintf(out, ": %" PRIu64, t->counts[i].value);
	}
	putc('}', out);
}

/* Write what only some targets have. */
static void write_states(FILE *out, const struct mu_target *t)
{
	if (t->has_events)
		fprintf(out, ", \"made\": %" PRIu64 ", \"freed\": %" PRIu64, t->allocated,
			t->freed);
	if (t->sampling) {
		fputs(", \"sampling\": ", out);
		write_bytes(out, t->sampling);
		fprintf(out, ", \"samples\": %" PRIu64, t->estimate.samples);
		write_amount(out, "error", t->estimate.error);
	}
	if (t->has_start)
		write_amount(out, "start", t->start);
	if (t->has_mark)
		fprintf(out, ", \"mark_ms\": %" PRIu64, t->mark_ms);
	if (t->is_frozen)
		fprintf(out, ", \"frozen_ms\": %" PRIu64, t->frozen_ms);
	if (t->has_mapped)
		write_amount(out, "mapped", t->mapped);
	if (t->left_out.nr)
		write_amount(out, "left_out", t->left_out.amount);
}

static void write_unseen(FILE *out, const struct mu_target *t)
{
	fputs(",\n   \"unseen\": [", out);
	for (size_t i = 0; i < t->nr_unseen; i++) {
		fputs(i ? ", " : "", out);
		write_bytes(out, t->unseen[i]);
	}
	putc(']', out);
}

static void write_mapping(FILE *out, const struct mu_mapping *m)
{
	fprintf(out,
		"    {\"id\": %" PRIu64 ", \"start\": \"0x%" PRIx64 "\", \"end\": \"0x%" PRIx64
		"\", \"offset\": \"0x%" PRIx64 "\", \"build_id\": ",
		m->id, m->start, m->end, m->offset);
	write_string_or_null(out, strcmp(m->build_id, "-") ? m->build_id : NULL);
	fputs(", \"path\": ", out);
	write_bytes(out, m->path);
	fprintf(out, ", \"unmapped\": %s}", bool_word(m->unmapped));
}

static void write_mappings(FILE *out, const struct mu_target *t)
{
	fputs(",\n   \"mappings\": [", out);
	for (size_t i = 0; i < t->nr_mappings; i++) {
		begin_element(out, i);
		write_mapping(out, &t->mappings[i]);
	}
	putc(']', out);
}

static void write_target(FILE *out, const struct mu_profile_target *target)
{
	const struct mu_target *t = target->target;

	fprintf(out, "  {\"id\": %" PRIu64 ", \"pid\": %" PRIu64 ", \"comm\": ", t->id, t->pid);
	write_string(out, target->comm);
	fputs(", \"state\": ", out);
	write_bytes(out, t->state);
	fprintf(out, ", \"traced_ms\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"blocks\": %" PRIu64,
		t->ms, t->bytes, t->count);
	write_states(out, t);
	write_counters(out, t);
	write_unseen(out, t);
	write_mappings(out, t);
	putc('}', out);
}

/* === Stacks === */

struct frame {
	const struct mu_frame *raw;
	const struct mu_profile_location *location;
	const struct mu_profile_object *object;
};

static void write_function(FILE *out, const struct frame *f, size_t index)
{
	const struct mu_profile_function *function = &f->location->functions[index];
	bool is_named = function->is_inlined || f->location->has_name;

	fprintf(out, "    {\"pc\": \"0x%" PRIx64 "\", \"object\": ", f->raw->pc);
	write_string(out, f->object->name);
	fprintf(out, ", \"address\": \"0x%" PRIx64 "\", \"build_id\": ", f->raw->address);
	write_string_or_null(out, *f->object->build_id ? f->object->build_id : NULL);
	fputs(", \"function\": ", out);
	write_string_or_null(out, is_named ? function->name : NULL);
	fputs(", \"file\": ", out);
	write_string_or_null(out, function->file);
	if (function->file)
		fprintf(out, ", \"line\": %" PRIu64, function->line);
	else
		fputs(", \"line\": null", out);
	fprintf(out, ", \"inlined\": %s", bool_word(function->is_inlined));
	if (f->raw->interrupted)
		fputs(", \"signal\": true", out);
	if (f->raw->unmapped)
		fputs(", \"unmapped\": true", out);
	putc('}', out);
}

static void write_frames(FILE *out, const struct mu_profile *p, const struct mu_profile_stack *s)
{
	size_t nr = 0;

	fputs(",\n   \"frames\": [", out);
	for (size_t i = 0; i < s->stack->nr_frames; i++) {
		const struct mu_profile_location *l = &p->locations[s->locations[i]];
		const struct frame f = { &s->stack->frames[i], l, &p->objects[l->object] };

		for (size_t j = 0; j < l->nr_functions; j++) {
			begin_element(out, nr++);
			write_function(out, &f, j);
		}
	}
	putc(']', out);
}

static void write_stack(FILE *out, const struct mu_profile *p, const struct mu_profile_stack *s)
{
	const struct mu_target *t = p->targets[s->target].target;
	const struct mu_stack *stack = s->stack;

	fprintf(out,
		"  {\"target\": %" PRIu64 ", \"pid\": %" PRIu64 ", \"id\": %" PRIu64 ", \"kind\": ",
		t->id, t->pid, stack->id);
	write_bytes(out, stack->kind);
	fprintf(out,
		", \"bytes\": %" PRIu64 ", \"blocks\": %" PRIu64 ", \"age_ms\": [%" PRIu64
		", %" PRIu64 "], \"made\": %" PRIu64 ", \"freed\": %" PRIu64,
		stack->bytes, stack->count, stack->age_min, stack->age_max, stack->made,
		stack->freed);
	if (stack->estimate.is_set) {
		fprintf(out, ", \"samples\": %" PRIu64, stack->estimate.samples);
		write_amount(out, "error", stack->estimate.error);
	}
	if (t->has_start)
		write_amount(out, "start", stack->start);
	fputs(", \"end\": ", out);
	write_string(out, s->end);
	write_frames(out, p, s);
	putc('}', out);
}

/**
 * mu_export_json() - write a profile as JSON
 * @profile: the profile
 * @out: the stream
 *
 * Return: 0.
 */
int mu_export_json(const struct mu_profile *profile, FILE *out)
{
	fprintf(out, "{\"memleak_user\": %d, \"time_ms\": %" PRIu64 ",\n \"targets\": [", VERSION,
		(uint64_t)(profile->time_ns / NS_PER_MS));
	for (size_t i = 0; i < profile->nr_targets; i++) {
		begin_element(out, i);
		write_target(out, &profile->targets[i]);
	}
	fputs("],\n \"stacks\": [", out);
	for (size_t i = 0; i < profile->nr_stacks; i++) {
		begin_element(out, i);
		write_stack(out, profile, &profile->stacks[i]);
	}
	fputs("]}\n", out);
	return 0;
}
