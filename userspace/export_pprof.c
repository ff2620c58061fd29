// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format pprof: profile.proto of github.com/google/pprof, compressed with gzip.
 *
 * The few fields are encoded by hand (protobuf.c): generated code and its library would be several
 * times as long as this file. Addresses are those in the ELF files, and each file is a mapping of
 * the whole address space: with that, google/pprof, Parca and Pyroscope all compute a base of 0,
 * and find names by build-id without the process. docs/export.md has the mapping of all fields.
 *
 * Depends on export_strings.c, protobuf.c and gzip.c.
 */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export_strings.h"
#include "gzip.h"
#include "mem.h"
#include "protobuf.h"
#include "text.h"

#define NS_PER_MS 1000000ULL

/* Numbers of the fields of profile.proto. */
#define PROFILE_SAMPLE_TYPE 1
#define PROFILE_SAMPLE 2
#define PROFILE_MAPPING 3
#define PROFILE_LOCATION 4
#define PROFILE_FUNCTION 5
#define PROFILE_STRING 6
#define PROFILE_TIME_NANOS 9
#define PROFILE_DURATION_NANOS 10
#define PROFILE_PERIOD_TYPE 11
#define PROFILE_PERIOD 12
#define PROFILE_COMMENT 13
#define PROFILE_DEFAULT_SAMPLE_TYPE 14
#define TYPE_TYPE 1
#define TYPE_UNIT 2
#define SAMPLE_LOCATION 1
#define SAMPLE_VALUE 2
#define SAMPLE_LABEL 3
#define LABEL_KEY 1
#define LABEL_STR 2
#define LABEL_NUM 3
#define MAPPING_ID 1
#define MAPPING_LIMIT 3
#define MAPPING_FILE 5
#define MAPPING_BUILD_ID 6
#define MAPPING_HAS_FUNCTIONS 7
#define MAPPING_HAS_FILES 8
#define MAPPING_HAS_LINES 9
#define MAPPING_HAS_INLINES 10
#define LOCATION_ID 1
#define LOCATION_MAPPING 2
#define LOCATION_ADDRESS 3
#define LOCATION_LINE 4
#define LINE_FUNCTION 1
#define LINE_LINE 2
#define FUNCTION_ID 1
#define FUNCTION_NAME 2
#define FUNCTION_SYSTEM_NAME 3
#define FUNCTION_FILE 4

struct writer {
	const struct mu_profile *p;
	struct mu_message profile;
	struct mu_message part;	 /* a field of the profile */
	struct mu_message inner; /* a field of the part */
	struct mu_export_strings strings;
	struct mu_export_strings functions; /* by name and file; id 0 is not used */
	bool has_start;			    /* a target has a start, so that there is growth */
};

/* === Samples === */

static void add_type(struct writer *w, unsigned int field, const char *type, const char *unit)
{
	mu_message_clear(&w->part);
	mu_message_number(&w->part, TYPE_TYPE, mu_export_string(&w->strings, type));
	mu_message_number(&w->part, TYPE_UNIT, mu_export_string(&w->strings, unit));
	mu_message_add(&w->profile, field, &w->part);
}

static void add_sample_types(struct writer *w)
{
	add_type(w, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
	add_type(w, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
	add_type(w, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
	if (!w->has_start)
		return;
	add_type(w, PROFILE_SAMPLE_TYPE, "growth_objects", "count");
	add_type(w, PROFILE_SAMPLE_TYPE, "growth_space", "bytes");
}

/* Values are signed. */
static void add_value(struct mu_message *m, uint64_t value)
{
	mu_message_varint(m, value < INT64_MAX ? value : INT64_MAX);
}

static void add_change(struct mu_message *m, uint64_t from, uint64_t to)
{
	uint64_t change = to > from ? to - from : from - to;

	if (change > INT64_MAX)
		change = INT64_MAX;
	mu_message_varint(m, to > from ? change : -change);
}

static void add_values(struct writer *w, const struct mu_profile_stack *s)
{
	bool has_start = w->p->targets[s->target].target->has_start;
	struct mu_amount start = has_start ? s->stack->start : (struct mu_amount){};

	mu_message_clear(&w->inner);
	add_value(&w->inner, s->stack->made);
	add_value(&w->inner, s->stack->count);
	add_value(&w->inner, s->stack->bytes);
	if (w->has_start) {
		add_change(&w->inner, start.count, s->stack->count);
		add_change(&w->inner, start.bytes, s->stack->bytes);
	}
	mu_message_add(&w->part, SAMPLE_VALUE, &w->inner);
}

static void add_label(struct writer *w, const char *key, const char *text, uint64_t number)
{
	mu_message_clear(&w->inner);
	mu_message_number(&w->inner, LABEL_KEY, mu_export_string(&w->strings, key));
	if (text)
		mu_message_number(&w->inner, LABEL_STR, mu_export_string(&w->strings, text));
	mu_message_number(&w->inner, LABEL_NUM, number);
	mu_message_add(&w->part, SAMPLE_LABEL, &w->inner);
}

static void add_sample(struct writer *w, const struct mu_profile_stack *s)
{
	const struct mu_profile_target *t = &w->p->targets[s->target];

	mu_message_clear(&w->part);
	mu_message_clear(&w->inner);
	for (size_t i = 0; i < s->stack->nr_frames; i++)
		mu_message_varint(&w->inner, s->locations[i] + 1);
	mu_message_add(&w->part, SAMPLE_LOCATION, &w->inner);
	add_values(w, s);
	add_label(w, "pid", NULL, t->target->pid);
	add_label(w, "comm", t->comm, 0);
	add_label(w, "kind", s->stack->kind, 0);
	add_label(w, "stack", NULL, s->stack->id);
	mu_message_add(&w->profile, PROFILE_SAMPLE, &w->part);
}

/* === Code === */

/* Readers look up names in a mapping only if none of its locations is said to have any. */
static void add_mapping(struct writer *w, size_t index, bool has_lines)
{
	const struct mu_profile_object *object = &w->p->objects[index];
	struct mu_message *m = &w->part;

	mu_message_clear(m);
	mu_message_number(m, MAPPING_ID, index + 1);
	mu_message_number(m, MAPPING_LIMIT, UINT64_MAX);
	mu_message_number(m, MAPPING_FILE, mu_export_string(&w->strings, object->path));
	mu_message_number(m, MAPPING_BUILD_ID, mu_export_string(&w->strings, object->build_id));
	mu_message_number(m, MAPPING_HAS_FUNCTIONS, !object->has_unnamed);
	mu_message_number(m, MAPPING_HAS_FILES, has_lines);
	mu_message_number(m, MAPPING_HAS_LINES, has_lines);
	mu_message_number(m, MAPPING_HAS_INLINES, has_lines);
	mu_message_add(&w->profile, PROFILE_MAPPING, m);
}

/* Lines are known in a mapping if each function in it has one. */
static void add_mappings(struct writer *w)
{
	bool *lacks_lines = mu_zalloc(w->p->nr_objects * sizeof(*lacks_lines));

	for (size_t i = 0; i < w->p->nr_locations; i++) {
		const struct mu_profile_location *l = &w->p->locations[i];

		lacks_lines[l->object] |= !l->has_name;
		for (size_t j = 0; j < l->nr_functions; j++)
			lacks_lines[l->object] |= !l->functions[j].file;
	}
	for (size_t i = 0; i < w->p->nr_objects; i++)
		add_mapping(w, i, !lacks_lines[i]);
	free(lacks_lines);
}

static void add_function(struct writer *w, const struct mu_profile_function *f, size_t id)
{
	struct mu_message m = {};

	mu_message_number(&m, FUNCTION_ID, id);
	mu_message_number(&m, FUNCTION_NAME, mu_export_string(&w->strings, f->name));
	mu_message_number(&m, FUNCTION_SYSTEM_NAME, mu_export_string(&w->strings, f->name));
	mu_message_number(&m, FUNCTION_FILE, mu_export_string(&w->strings, f->file ? f->file : ""));
	mu_message_add(&w->profile, PROFILE_FUNCTION, &m);
	mu_message_free(&m);
}

static size_t function_id(struct writer *w, const struct mu_profile_function *f)
{
	char *key = mu_format("%s\n%s", f->name, f->file ? f->file : "");
	size_t known = w->functions.nr;
	size_t id = mu_export_string(&w->functions, key);

	free(key);
	if (id == known)
		add_function(w, f, id);
	return id;
}

/* A location without a name has no lines, so that readers look its address up. */
static void add_lines(struct writer *w, const struct mu_profile_location *l)
{
	size_t nr = l->has_name || l->nr_functions > 1 || l->functions[0].file ? l->nr_functions :
										 0;

	for (size_t i = 0; i < nr; i++) {
		mu_message_clear(&w->inner);
		mu_message_number(&w->inner, LINE_FUNCTION, function_id(w, &l->functions[i]));
		mu_message_number(&w->inner, LINE_LINE, l->functions[i].line);
		mu_message_add(&w->part, LOCATION_LINE, &w->inner);
	}
}

static void add_location(struct writer *w, size_t index)
{
	const struct mu_profile_location *l = &w->p->locations[index];

	mu_message_clear(&w->part);
	mu_message_number(&w->part, LOCATION_ID, index + 1);
	mu_message_number(&w->part, LOCATION_MAPPING, l->object + 1);
	mu_message_number(&w->part, LOCATION_ADDRESS, mu_profile_lookup_address(l));
	add_lines(w, l);
	mu_message_add(&w->profile, PROFILE_LOCATION, &w->part);
}

/* === What holds for the whole profile === */

/* Frees the text. */
static void add_comment(struct writer *w, char *text)
{
	mu_message_number(&w->profile, PROFILE_COMMENT, mu_export_string(&w->strings, text));
	free(text);
}

static void add_comments(struct writer *w, const struct mu_profile_target *target)
{
	const struct mu_target *t = target->target;

	add_comment(w, mu_format("pid %" PRIu64 " %s: %" PRIu64 " bytes in %" PRIu64
				 " allocations, lost %" PRIu64,
				 t->pid, target->comm, t->bytes, t->count, t->lost));
	for (size_t i = 0; i < t->nr_counts; i++)
		if (mu_count_loss(&t->counts[i]))
			add_comment(w, mu_format("pid %" PRIu64 ": %s=%" PRIu64, t->pid,
						 t->counts[i].name, t->counts[i].value));
	if (t->sampling)
		add_comment(w,
			    mu_format("pid %" PRIu64 ": estimates with %s, standard error %" PRIu64
				      " bytes in %" PRIu64 " allocations",
				      t->pid, t->sampling, t->estimate.error.bytes,
				      t->estimate.error.count));
	for (size_t i = 0; i < t->nr_unseen; i++)
		add_comment(w, mu_format("pid %" PRIu64 ": not seen: %s", t->pid, t->unseen[i]));
}

/* Return: SIZE of the first target that was attached with sample=SIZE, else 1. */
static uint64_t period_of(const struct mu_profile *p)
{
	for (size_t i = 0; i < p->nr_targets; i++) {
		const char *sampling = p->targets[i].target->sampling;
		uint64_t size;

		if (sampling && mu_take(&sampling, "sample=") && mu_parse_number(sampling, &size))
			return size;
	}
	return 1;
}

static void add_head(struct writer *w)
{
	mu_message_number(&w->profile, PROFILE_TIME_NANOS, w->p->time_ns);
	mu_message_number(&w->profile, PROFILE_DURATION_NANOS,
			  mu_profile_longest_ms(w->p) * NS_PER_MS);
	add_type(w, PROFILE_PERIOD_TYPE, "space", "bytes");
	mu_message_number(&w->profile, PROFILE_PERIOD, period_of(w->p));
	mu_message_number(&w->profile, PROFILE_DEFAULT_SAMPLE_TYPE,
			  mu_export_string(&w->strings, "inuse_space"));
	for (size_t i = 0; i < w->p->nr_targets; i++)
		add_comments(w, &w->p->targets[i]);
}

static void add_all(struct writer *w)
{
	for (size_t i = 0; i < w->p->nr_targets; i++)
		w->has_start |= w->p->targets[i].target->has_start;
	add_sample_types(w);
	for (size_t i = 0; i < w->p->nr_stacks; i++)
		add_sample(w, &w->p->stacks[i]);
	add_mappings(w);
	for (size_t i = 0; i < w->p->nr_locations; i++)
		add_location(w, i);
	add_head(w);
	for (size_t i = 0; i < w->strings.nr; i++)
		mu_message_bytes(&w->profile, PROFILE_STRING, w->strings.text[i],
				 strlen(w->strings.text[i]));
}

/**
 * mu_export_pprof() - write a profile as profile.proto
 * @profile: the profile
 * @out: the stream
 *
 * Return: 0, or a negative errno.
 */
int mu_export_pprof(const struct mu_profile *profile, FILE *out)
{
	struct writer w = { .p = profile };
	int error;

	mu_export_string(&w.strings, "");
	mu_export_string(&w.functions, "");
	add_all(&w);
	error = mu_gzip_write(out, w.profile.bytes, w.profile.nr);
	mu_message_free(&w.profile);
	mu_message_free(&w.part);
	mu_message_free(&w.inner);
	mu_export_strings_free(&w.strings);
	mu_export_strings_free(&w.functions);
	return error;
}
