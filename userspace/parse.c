// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of a raw report, each read exactly as docs/ABI/debugfs-memleak_user
 * prints it. Pure: a line in, a value out; false leaves nothing behind.
 */
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "scan.h"
#include "words.h"

/* " from 1 stack, lost 0" or " from S stacks, lost L", to the end of the line. */
static bool take_tail(const char **p, struct mlu_target *t)
{
	if (!mlu_take(p, " from ") || !mlu_take_number(p, &t->stacks_told))
		return false;
	if (!mlu_take(p, t->stacks_told == 1 ? " stack, lost " : " stacks, lost "))
		return false;
	return mlu_take_number(p, &t->lost) && !**p;
}

/* target ID pid PID COMM STATE MS ms: BYTES bytes in N allocations from S stacks, lost L */
bool mlu_parse_target(const char *p, struct mlu_target *target)
{
	struct mlu_span comm, state;
	struct mlu_target t = {};

	if (!mlu_take(&p, "target ") || !mlu_take_number(&p, &t.id) || !mlu_take(&p, " pid ") ||
	    !mlu_take_number(&p, &t.pid) || !mlu_take(&p, " ") || !mlu_take_word(&p, &comm) ||
	    !mlu_take(&p, " ") || !mlu_take_word(&p, &state) || !mlu_take(&p, " ") ||
	    !mlu_take_number(&p, &t.ms) || !mlu_take(&p, " ms: ") ||
	    !mlu_take_number(&p, &t.bytes) || !mlu_take(&p, " bytes in ") ||
	    !mlu_take_number(&p, &t.count) || !mlu_take(&p, " allocations") || !take_tail(&p, &t))
		return false;
	t.comm = mlu_span_copy(comm);
	t.state = mlu_span_copy(state);
	*target = t;
	return true;
}

/* The KIND before the age, if there is one: a word and ", ". */
static struct mlu_span take_kind(const char **p)
{
	struct mlu_span kind = { .at = "heap", .len = 4 };
	struct mlu_span word;
	const char *at = *p;

	if (!mlu_take_until(&at, ',', &word) || !mlu_take(&at, " age "))
		return kind;
	*p = at - strlen("age ");
	return word;
}

static bool take_ages(const char **p, struct mlu_stack *s)
{
	return mlu_take(p, "age ") && mlu_take_number(p, &s->age_min) && mlu_take(p, "..") &&
	       mlu_take_number(p, &s->age_max) && mlu_take(p, " ms, ") &&
	       mlu_take_number(p, &s->made) && mlu_take(p, " made, ") &&
	       mlu_take_number(p, &s->freed) && mlu_take(p, " freed)") && !**p;
}

/* BYTES bytes in N allocations from stack ID ([KIND, ]age MIN..MAX ms, M made, F freed) */
bool mlu_parse_stack(const char *p, struct mlu_stack *stack)
{
	struct mlu_stack s = {};
	struct mlu_span kind;

	if (!mlu_take_number(&p, &s.bytes) || !mlu_take(&p, " bytes in ") ||
	    !mlu_take_number(&p, &s.count) || !mlu_take(&p, " allocations from stack ") ||
	    !mlu_take_number(&p, &s.id) || !mlu_take(&p, " ("))
		return false;
	kind = take_kind(&p);
	if (!take_ages(&p, &s))
		return false;
	s.kind = mlu_span_copy(kind);
	*stack = s;
	return true;
}

/* One " (NOTE)"; a further one may follow. */
static bool take_note(const char **p, struct mlu_frame *f)
{
	struct mlu_span note;
	const char *at;

	if (!mlu_take(p, " (") || !mlu_take_until(p, ')', &note))
		return false;
	at = note.at;
	if (mlu_span_is(note, "unmapped")) {
		f->unmapped = true;
		return true;
	}
	if (mlu_span_is(note, "signal")) {
		f->interrupted = true;
		return true;
	}
	if (mlu_take(&at, "mapping ")) {
		f->has_mapping_id = true;
		return mlu_take_number(&at, &f->mapping_id) && at == note.at + note.len;
	}
	if (f->note)
		return false;
	f->note = mlu_span_copy(note);
	return true;
}

/* OBJECT may hold a "+" itself (libstdc++.so.6): the last "+0x" of the word divides. */
static bool take_place(const char **p, struct mlu_frame *f)
{
	struct mlu_span word;
	const char *plus;

	if (!mlu_take_word(p, &word))
		return false;
	for (plus = word.at + word.len; plus > word.at; plus--) {
		const char *at = plus;

		if (mlu_take(&at, "+") && mlu_take_hex(&at, &f->address) && at == *p)
			break;
	}
	if (plus == word.at)
		return false;
	word.len = plus - word.at;
	f->object = mlu_span_copy(word);
	return true;
}

void mlu_frame_free(struct mlu_frame *f)
{
	free(f->object);
	free(f->note);
}

/* <TAB>0xPC OBJECT+0xADDRESS[ (NOTE)...] */
bool mlu_parse_frame(const char *p, struct mlu_frame *frame)
{
	struct mlu_frame f = {};
	const char *pc = p + 1;
	bool good;

	good = mlu_take(&p, "\t") && mlu_take_hex(&p, &f.pc) && p - pc == 18 && mlu_take(&p, " ") &&
	       take_place(&p, &f);
	while (good && *p)
		good = take_note(&p, &f);
	if (!good) {
		mlu_frame_free(&f);
		return false;
	}
	*frame = f;
	return true;
}

static bool is_build_id(struct mlu_span s)
{
	if (mlu_span_is(s, "-"))
		return true;
	return s.len % 2 == 0 && s.len <= 128 && strspn(s.at, "0123456789abcdef") >= s.len;
}

static bool take_range(const char **p, struct mlu_mapping *m)
{
	return mlu_take_hex(p, &m->start) && mlu_take(p, "-") && mlu_take_hex(p, &m->end) &&
	       m->start < m->end;
}

/* mapping ID 0xSTART-0xEND 0xOFFSET BUILDID [(unmapped) ]PATH */
bool mlu_parse_mapping(const char *p, struct mlu_mapping *mapping)
{
	struct mlu_mapping m = {};
	struct mlu_span build_id;

	if (!mlu_take(&p, "mapping ") || !mlu_take_number(&p, &m.id) || !mlu_take(&p, " ") ||
	    !take_range(&p, &m) || !mlu_take(&p, " ") || !mlu_take_hex(&p, &m.offset) ||
	    !mlu_take(&p, " ") || !mlu_take_word(&p, &build_id) || !is_build_id(build_id) ||
	    !mlu_take(&p, " "))
		return false;
	m.unmapped = mlu_take(&p, "(unmapped) ");
	m.path = mlu_zalloc(strlen(p) + 1);
	if (!*p || !mlu_unescape(m.path, p)) {
		free(m.path);
		return false;
	}
	m.build_id = mlu_span_copy(build_id);
	*mapping = m;
	return true;
}

static bool is_word_end(char c)
{
	return c == ' ' || c == '\0';
}

bool mlu_begins_with_word(const char *line, const char *word)
{
	return mlu_take(&line, word) && is_word_end(*line);
}

bool mlu_begins_with_any_word(const char *line)
{
	size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");

	return len && is_word_end(line[len]);
}

static void add_count(struct mlu_target *t, struct mlu_count count)
{
	t->counts = mlu_grow(t->counts, t->nr_counts, &t->counts_room, sizeof(count));
	t->counts[t->nr_counts++] = count;
}

static void drop_counts(struct mlu_target *t)
{
	while (t->nr_counts)
		free(t->counts[--t->nr_counts].name);
}

/* " NAME=N" */
static bool take_count(const char **p, struct mlu_target *t)
{
	struct mlu_span name;
	uint64_t value;

	if (!mlu_take(p, " ") || !mlu_take_until(p, '=', &name) || memchr(name.at, ' ', name.len) ||
	    !mlu_take_number(p, &value))
		return false;
	add_count(t, (struct mlu_count){ .name = mlu_span_copy(name), .value = value });
	return true;
}

bool mlu_parse_events(const char *p, struct mlu_target *t)
{
	uint64_t allocated, freed;
	bool good;

	if (t->has_events || !mlu_take(&p, "events allocated=") ||
	    !mlu_take_number(&p, &allocated) || !mlu_take(&p, " freed=") ||
	    !mlu_take_number(&p, &freed))
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
char *mlu_parse_unseen(const char *p)
{
	struct mlu_span what, object;

	if (!mlu_take(&p, "unseen ") || !mlu_take_word(&p, &what) || !mlu_take(&p, " ") ||
	    !mlu_take_word(&p, &object) || object.len < 2 || object.at[object.len - 1] != ':' ||
	    !mlu_take(&p, " ") || !*p)
		return NULL;
	return mlu_strndup(p, strlen(p));
}
