// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of a raw report, each read exactly as docs/ABI/debugfs-memleak_user
 * prints it. Pure: a line in, a value out; false leaves nothing behind.
 */
#include "report_line.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

/* " from 1 stack, lost 0" or " from S stacks, lost L", to the end of the line. */
static bool take_tail(const char **p, struct mu_target *t)
{
	if (!mu_take(p, " from ") || !mu_take_number(p, &t->stacks_told))
		return false;
	if (!mu_take(p, t->stacks_told == 1 ? " stack, lost " : " stacks, lost "))
		return false;
	return mu_take_number(p, &t->lost) && !**p;
}

/* target ID pid PID COMM STATE MS ms: BYTES bytes in N allocations from S stacks, lost L */
bool mu_parse_target(const char *p, struct mu_target *target)
{
	struct mu_span comm, state;
	struct mu_target t = {};

	if (!mu_take(&p, "target ") || !mu_take_number(&p, &t.id) || !mu_take(&p, " pid ") ||
	    !mu_take_number(&p, &t.pid) || !mu_take(&p, " ") || !mu_take_word(&p, &comm) ||
	    !mu_take(&p, " ") || !mu_take_word(&p, &state) || !mu_take(&p, " ") ||
	    !mu_take_number(&p, &t.ms) || !mu_take(&p, " ms: ") || !mu_take_number(&p, &t.bytes) ||
	    !mu_take(&p, " bytes in ") || !mu_take_number(&p, &t.count) ||
	    !mu_take(&p, " allocations") || !take_tail(&p, &t))
		return false;
	t.comm = mu_span_copy(comm);
	t.state = mu_span_copy(state);
	*target = t;
	return true;
}

/* The KIND before the age, if there is one: a word and ", ". */
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

/* BYTES bytes in N allocations from stack ID ([KIND, ]age MIN..MAX ms, M made, F freed) */
bool mu_parse_stack(const char *p, struct mu_stack *stack)
{
	struct mu_stack s = {};
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

/* One " (NOTE)"; a further one may follow. */
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

/* OBJECT may hold a "+" itself (libstdc++.so.6): the last "+0x" of the word divides. */
static bool take_place(const char **p, struct mu_frame *f)
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

void mu_frame_free(struct mu_frame *f)
{
	free(f->object);
	free(f->note);
}

/* <TAB>0xPC OBJECT+0xADDRESS[ (NOTE)...] */
bool mu_parse_frame(const char *p, struct mu_frame *frame)
{
	struct mu_frame f = {};
	const char *pc = p + 1;
	bool good;

	good = mu_take(&p, "\t") && mu_take_hex(&p, &f.pc) && p - pc == 18 && mu_take(&p, " ") &&
	       take_place(&p, &f);
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

/* mapping ID 0xSTART-0xEND 0xOFFSET BUILDID [(unmapped) ]PATH */
bool mu_parse_mapping(const char *p, struct mu_mapping *mapping)
{
	struct mu_mapping m = {};
	struct mu_span build_id;

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

bool mu_begins_with_word(const char *line, const char *word)
{
	return mu_take(&line, word) && is_word_end(*line);
}

bool mu_begins_with_any_word(const char *line)
{
	size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");

	return len && is_word_end(line[len]);
}

static void add_count(struct mu_target *t, struct mu_count count)
{
	t->counts = mu_grow(t->counts, t->nr_counts, &t->counts_room, sizeof(count));
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

bool mu_parse_events(const char *p, struct mu_target *t)
{
	uint64_t allocated, freed;
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

/* OBJECT is an escaped name, which may hold a colon, but no space. */
char *mu_parse_unseen(const char *p)
{
	struct mu_span what, object;

	if (!mu_take(&p, "unseen ") || !mu_take_word(&p, &what) || !mu_take(&p, " ") ||
	    !mu_take_word(&p, &object) || object.len < 2 || object.at[object.len - 1] != ':' ||
	    !mu_take(&p, " ") || !*p)
		return NULL;
	return mu_strndup(p, strlen(p));
}
