// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parsers for single lines of a raw report, in exactly the format of docs/ABI/debugfs-memleak_user.
 *
 * They have no state and print nothing. A parsed value owns its strings; a parser that fails
 * allocates nothing. Depends on text.c.
 */
#include "report_line.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

/* " from 1 stack, lost 0" or " from S stacks, lost L", to the end of the line. */
static bool take_stacks_and_lost(const char **p, struct mu_target *t)
{
	if (!mu_take(p, " from ") || !mu_take_number(p, &t->stacks_expected))
		return false;
	if (!mu_take(p, t->stacks_expected == 1 ? " stack, lost " : " stacks, lost "))
		return false;
	return mu_take_number(p, &t->lost) && !**p;
}

/**
 * mu_parse_target() - parse the first line of a target
 * @line: the line
 * @target: set to the values of the line
 *
 * target ID pid PID COMM STATE MS ms: BYTES bytes in N allocations from S stacks, lost L
 *
 * Return: false if the line is malformed; nothing is set then.
 */
bool mu_parse_target(const char *line, struct mu_target *target)
{
	struct mu_span comm, state;
	struct mu_target t = {};
	const char *p = line;

	if (!mu_take(&p, "target ") || !mu_take_number(&p, &t.id) || !mu_take(&p, " pid ") ||
	    !mu_take_number(&p, &t.pid) || !mu_take(&p, " ") || !mu_take_word(&p, &comm) ||
	    !mu_take(&p, " ") || !mu_take_word(&p, &state) || !mu_take(&p, " ") ||
	    !mu_take_number(&p, &t.ms) || !mu_take(&p, " ms: ") || !mu_take_number(&p, &t.bytes) ||
	    !mu_take(&p, " bytes in ") || !mu_take_number(&p, &t.count) ||
	    !mu_take(&p, " allocations") || !take_stacks_and_lost(&p, &t))
		return false;
	t.comm = mu_span_copy(comm);
	t.state = mu_span_copy(state);
	*target = t;
	return true;
}

/* Take the optional "KIND, " before the age. */
static struct mu_span take_kind(const char **p)
{
	struct mu_span kind = { .at = "heap", .len = 4 };
	struct mu_span word;
	const char *at = *p;

	if (!mu_take_until(&at, ',', &word) || !mu_take(&at, " age "))
		return kind;
	*p = at - strlen("age ");
	return word;
}

static bool take_ages(const char **p, struct mu_stack *s)
{
	return mu_take(p, "age ") && mu_take_number(p, &s->age_min) && mu_take(p, "..") &&
	       mu_take_number(p, &s->age_max) && mu_take(p, " ms, ") &&
	       mu_take_number(p, &s->made) && mu_take(p, " made, ") &&
	       mu_take_number(p, &s->freed) && mu_take(p, " freed)") && !**p;
}

/**
 * mu_parse_stack() - parse the first line of a stack
 * @line: the line
 * @stack: set to the values of the line
 *
 * BYTES bytes in N allocations from stack ID ([KIND, ]age MIN..MAX ms, M made, F freed)
 *
 * Return: false if the line is malformed; nothing is set then.
 */
bool mu_parse_stack(const char *line, struct mu_stack *stack)
{
	struct mu_stack s = {};
	const char *p = line;
	struct mu_span kind;

	if (!mu_take_number(&p, &s.bytes) || !mu_take(&p, " bytes in ") ||
	    !mu_take_number(&p, &s.count) || !mu_take(&p, " allocations from stack ") ||
	    !mu_take_number(&p, &s.id) || !mu_take(&p, " ("))
		return false;
	kind = take_kind(&p);
	if (!take_ages(&p, &s))
		return false;
	s.kind = mu_span_copy(kind);
	*stack = s;
	return true;
}

/* Take one " (NOTE)"; another one may follow. */
static bool take_note(const char **p, struct mu_frame *f)
{
	struct mu_span note;
	const char *at;

	if (!mu_take(p, " (") || !mu_take_until(p, ')', &note))
		return false;
	at = note.at;
	if (mu_span_is(note, "unmapped")) {
		f->unmapped = true;
		return true;
	}
	if (mu_span_is(note, "signal")) {
		f->interrupted = true;
		return true;
	}
	if (mu_take(&at, "mapping ")) {
		f->has_mapping_id = true;
		return mu_take_number(&at, &f->mapping_id) && at == note.at + note.len;
	}
	if (f->note)
		return false;
	f->note = mu_span_copy(note);
	return true;
}

/* Take OBJECT+0xADDRESS. OBJECT may contain a "+" (libstdc++.so.6): the last "+0x" separates. */
static bool take_object_address(const char **p, struct mu_frame *f)
{
	struct mu_span word;
	const char *plus;

	if (!mu_take_word(p, &word))
		return false;
	for (plus = word.at + word.len; plus > word.at; plus--) {
		const char *at = plus;

		if (mu_take(&at, "+") && mu_take_hex(&at, &f->address) && at == *p)
			break;
	}
	if (plus == word.at)
		return false;
	word.len = plus - word.at;
	f->object = mu_span_copy(word);
	return true;
}

/**
 * mu_frame_free() - free the strings of a frame
 * @frame: the frame
 */
void mu_frame_free(struct mu_frame *frame)
{
	free(frame->object);
	free(frame->note);
}

/**
 * mu_parse_frame() - parse a frame
 * @line: the line
 * @frame: set to the values of the line
 *
 * <TAB>0xPC OBJECT+0xADDRESS[ (NOTE)...]
 *
 * Return: false if the line is malformed; nothing is set then.
 */
bool mu_parse_frame(const char *line, struct mu_frame *frame)
{
	struct mu_frame f = {};
	const char *p = line;
	const char *pc = p + 1;
	bool good;

	good = mu_take(&p, "\t") && mu_take_hex(&p, &f.pc) && p - pc == 18 && mu_take(&p, " ") &&
	       take_object_address(&p, &f);
	while (good && *p)
		good = take_note(&p, &f);
	if (!good) {
		mu_frame_free(&f);
		return false;
	}
	*frame = f;
	return true;
}

static bool is_build_id(struct mu_span s)
{
	if (mu_span_is(s, "-"))
		return true;
	return s.len % 2 == 0 && s.len <= 128 && strspn(s.at, "0123456789abcdef") >= s.len;
}

static bool take_range(const char **p, struct mu_mapping *m)
{
	return mu_take_hex(p, &m->start) && mu_take(p, "-") && mu_take_hex(p, &m->end) &&
	       m->start < m->end;
}

/**
 * mu_parse_mapping() - parse a mapping
 * @line: the line
 * @mapping: set to the values of the line
 *
 * mapping ID 0xSTART-0xEND 0xOFFSET BUILDID [(unmapped) ]PATH
 *
 * Return: false if the line is malformed; nothing is set then.
 */
bool mu_parse_mapping(const char *line, struct mu_mapping *mapping)
{
	struct mu_mapping m = {};
	struct mu_span build_id;
	const char *p = line;

	if (!mu_take(&p, "mapping ") || !mu_take_number(&p, &m.id) || !mu_take(&p, " ") ||
	    !take_range(&p, &m) || !mu_take(&p, " ") || !mu_take_hex(&p, &m.offset) ||
	    !mu_take(&p, " ") || !mu_take_word(&p, &build_id) || !is_build_id(build_id) ||
	    !mu_take(&p, " "))
		return false;
	m.unmapped = mu_take(&p, "(unmapped) ");
	m.path = mu_zalloc(strlen(p) + 1);
	if (!*p || !mu_unescape(m.path, p)) {
		free(m.path);
		return false;
	}
	m.build_id = mu_span_copy(build_id);
	*mapping = m;
	return true;
}

static bool is_word_end(char c)
{
	return c == ' ' || c == '\0';
}

/**
 * mu_begins_with_word() - compare the first word of a line
 * @line: the line
 * @word: the word to compare with
 *
 * Return: true if they are equal.
 */
bool mu_begins_with_word(const char *line, const char *word)
{
	return mu_take(&line, word) && is_word_end(*line);
}

/**
 * mu_begins_with_any_word() - check whether a line begins with a word
 * @line: the line
 *
 * Return: true if it does: lower case letters, digits and underscores.
 */
bool mu_begins_with_any_word(const char *line)
{
	size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");

	return len && is_word_end(line[len]);
}

static void add_count(struct mu_target *t, struct mu_count count)
{
	t->counts = mu_grow(t->counts, t->nr_counts, &t->counts_capacity, sizeof(count));
	t->counts[t->nr_counts++] = count;
}

static void drop_counts(struct mu_target *t)
{
	while (t->nr_counts)
		free(t->counts[--t->nr_counts].name);
}

/* " NAME=N" */
static bool take_count(const char **p, struct mu_target *t)
{
	struct mu_span name;
	uint64_t value;

	if (!mu_take(p, " ") || !mu_take_until(p, '=', &name) || memchr(name.at, ' ', name.len) ||
	    !mu_take_number(p, &value))
		return false;
	add_count(t, (struct mu_count){ .name = mu_span_copy(name), .value = value });
	return true;
}

/**
 * mu_parse_events() - parse the events line of a target
 * @line: the line
 * @t: the target, which gets the counters
 *
 * events allocated=N freed=N[ NAME=N...]
 *
 * Return: false if the line is malformed or is the second one of @t, which is unchanged
 * then.
 */
bool mu_parse_events(const char *line, struct mu_target *t)
{
	uint64_t allocated, freed;
	const char *p = line;
	bool good;

	if (t->has_events || !mu_take(&p, "events allocated=") || !mu_take_number(&p, &allocated) ||
	    !mu_take(&p, " freed=") || !mu_take_number(&p, &freed))
		return false;
	do {
		good = !*p || take_count(&p, t);
	} while (good && *p);
	if (!good) {
		drop_counts(t);
		return false;
	}
	t->has_events = true;
	t->allocated = allocated;
	t->freed = freed;
	return true;
}

/**
 * mu_parse_unseen() - parse a line about what cannot be traced
 * @line: the line
 *
 * unseen WHAT OBJECT: MESSAGE
 *
 * OBJECT is an escaped name, which may contain a colon but no space.
 *
 * Return: the message, to be freed, or NULL if the line is malformed.
 */
char *mu_parse_unseen(const char *line)
{
	struct mu_span what, object;
	const char *p = line;

	if (!mu_take(&p, "unseen ") || !mu_take_word(&p, &what) || !mu_take(&p, " ") ||
	    !mu_take_word(&p, &object) || object.len < 2 || object.at[object.len - 1] != ':' ||
	    !mu_take(&p, " ") || !*p)
		return NULL;
	return mu_strndup(p, strlen(p));
}
