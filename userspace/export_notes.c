// SPDX-License-Identifier: GPL-2.0-only
/*
 * Heading and notes of a page for people: what was traced, and what its numbers lack.
 *
 * Depends on profile.c, utf8.c and export_markup.c, for numbers.
 */
#include "export_notes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "export_markup.h"
#include "mem.h"
#include "utf8.h"

#define NS_PER_SECOND 1000000000ULL
#define MS_PER_SECOND 1000.0
#define TIME_MAX 40

/* The notes of one target. */
struct target_notes {
	struct mu_notes *notes;
	const struct mu_profile *profile;
	const struct mu_profile_target *target;
};

static void append_note(struct mu_notes *notes, char *text)
{
	notes->text = mu_grow(notes->text, notes->nr, &notes->capacity, sizeof(text));
	notes->text[notes->nr++] = text;
}

/* Of several processes, a note says which one it is about. */
__printf(2, 3) static void add_note(struct target_notes *n, const char *format, ...)
{
	const struct mu_profile_target *t = n->target;
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	if (n->profile->nr_targets == 1) {
		append_note(n->notes, text);
		return;
	}
	append_note(n->notes, mu_format("%s (pid %" PRIu64 "): %s", t->comm, t->target->pid, text));
	free(text);
}

/* === Notes === */

static void add_lost(struct target_notes *n)
{
	const struct mu_target *t = n->target->target;

	if (!t->lost)
		return;
	add_note(n, "%s allocations are missing: they could not be recorded",
		 mu_digits(t->lost).text);
	for (size_t i = 0; i < t->nr_counts; i++) {
		char *name = mu_utf8_escape(t->counts[i].name);

		if (mu_count_loss(&t->counts[i]))
			add_note(n, "%s: %s", name, mu_digits(t->counts[i].value).text);
		free(name);
	}
}

static void add_sampling(struct target_notes *n)
{
	const struct mu_target *t = n->target->target;
	char *sampling;

	if (!t->sampling)
		return;
	sampling = mu_utf8_escape(t->sampling);
	add_note(n,
		 "numbers are estimates from %s sampled allocations (%s): standard error %s bytes "
		 "in %s blocks",
		 mu_digits(t->estimate.samples).text, sampling,
		 mu_digits(t->estimate.error.bytes).text, mu_digits(t->estimate.error.count).text);
	free(sampling);
}

static struct mu_amount sum_of_stacks(const struct target_notes *n)
{
	struct mu_amount sum = {};

	for (size_t i = 0; i < n->target->nr_stacks; i++) {
		const struct mu_stack *s = n->profile->stacks[n->target->first_stack + i].stack;

		mu_amount_add(&sum, (struct mu_amount){ s->bytes, s->count });
	}
	return sum;
}

/* Counters and stacks of a running process are not read at the same instant. */
static void add_difference(struct target_notes *n)
{
	const struct mu_target *t = n->target->target;
	struct mu_amount sum = sum_of_stacks(n);

	if (t->left_out.nr)
		add_note(n, "%s bytes in %s blocks are left out by --ignore",
			 mu_digits(t->left_out.amount.bytes).text,
			 mu_digits(t->left_out.amount.count).text);
	else if (sum.bytes != t->bytes || sum.count != t->count)
		add_note(n, "the total of the report is %s bytes in %s blocks",
			 mu_digits(t->bytes).text, mu_digits(t->count).text);
}

static void add_growth(struct target_notes *n)
{
	const struct mu_target *t = n->target->target;

	if (!t->has_start)
		return;
	add_note(n, "%s bytes in %s blocks since the start, %s",
		 mu_signed_digits(t->bytes, t->start.bytes).text,
		 mu_signed_digits(t->count, t->start.count).text,
		 t->has_mark ? "the last mark" : "the first export");
}

static void add_state(struct target_notes *n)
{
	const struct mu_target *t = n->target->target;
	char *state;

	if (t->is_frozen)
		add_note(n, "frozen: no new allocations since %.1f s",
			 (double)t->frozen_ms / MS_PER_SECOND);
	if (!strcmp(t->state, "tracing"))
		return;
	state = mu_utf8_escape(t->state);
	add_note(n, "the process is not traced any more: %s", state);
	free(state);
}

static void add_unseen(struct target_notes *n)
{
	const struct mu_target *t = n->target->target;

	for (size_t i = 0; i < t->nr_unseen; i++) {
		char *text = mu_utf8_escape(t->unseen[i]);

		add_note(n, "not seen: %s", text);
		free(text);
	}
}

static void add_target(struct target_notes *n)
{
	const struct mu_target *t = n->target->target;

	add_lost(n);
	add_sampling(n);
	if (t->has_mapped)
		add_note(n, "%s bytes in %s blocks are address space, which need not be memory",
			 mu_digits(t->mapped.bytes).text, mu_digits(t->mapped.count).text);
	add_difference(n);
	add_growth(n);
	add_state(n);
	add_unseen(n);
}

/**
 * mu_notes_of() - collect what a reader of the numbers has to consider
 * @profile: the profile
 *
 * Return: the notes, to be freed.
 */
struct mu_notes mu_notes_of(const struct mu_profile *profile)
{
	struct mu_notes notes = {};

	for (size_t i = 0; i < profile->nr_targets; i++) {
		struct target_notes n = { &notes, profile, &profile->targets[i] };

		add_target(&n);
	}
	return notes;
}

/**
 * mu_notes_free() - free notes
 * @notes: the notes
 */
void mu_notes_free(struct mu_notes *notes)
{
	for (size_t i = 0; i < notes->nr; i++)
		free(notes->text[i]);
	free(notes->text);
	*notes = (struct mu_notes){};
}

/* === Heading === */

/**
 * mu_notes_heading() - get the title of a page
 * @profile: the profile
 *
 * Return: the title, to be freed.
 */
char *mu_notes_heading(const struct mu_profile *profile)
{
	char *name, *heading;

	if (profile->nr_targets != 1)
		return mu_format("Outstanding allocations of %zu processes", profile->nr_targets);
	name = mu_profile_process_name(&profile->targets[0]);
	heading = mu_format("Outstanding allocations of %s", name);
	free(name);
	return heading;
}

/**
 * mu_notes_summary() - get the line with the sums of a page
 * @profile: the profile
 * @sum: the sums
 *
 * Return: the line, to be freed.
 */
char *mu_notes_summary(const struct mu_profile *profile, struct mu_amount sum)
{
	time_t seconds = profile->time_ns / NS_PER_SECOND;
	char text[TIME_MAX] = "";
	struct tm utc;

	if (gmtime_r(&seconds, &utc))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &utc);
	return mu_format("%s bytes in %s blocks from %zu %s, traced for %.1f s, %s",
			 mu_digits(sum.bytes).text, mu_digits(sum.count).text, profile->nr_stacks,
			 profile->nr_stacks == 1 ? "stack" : "stacks",
			 (double)mu_profile_longest_ms(profile) / MS_PER_SECOND, text);
}
