// SPDX-License-Identifier: GPL-2.0-only
/*
 * The targets of all processes: read for one table, or for an export.
 *
 * Those of live processes are shown; if no process is left, those that have ended since the last
 * time. Depends on sessions.c and symbolize.c.
 */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

static void add_part(struct mu_parts *parts, struct mu_part part)
{
	parts->part = mu_grow(parts->part, parts->nr, &parts->capacity, sizeof(part));
	parts->part[parts->nr++] = part;
	parts->live += part.is_live;
	if (!part.is_live)
		mu_amount_add(&parts->ended, (struct mu_amount){ .bytes = part.target->bytes,
								 .count = part.target->count });
}

static bool is_live(const struct mu_session *s, const struct mu_target *t)
{
	return !s->has_exited && (!strcmp(t->state, "tracing") || !strcmp(t->state, "detaching"));
}

static void read_session(struct mu_parts *parts, struct mu_session *s, struct mu_symbolizer *sym)
{
	struct mu_part part = { .session = s };

	part.report = mu_session_read(s);
	if (!part.report) {
		s->over = true;
		return;
	}
	part.target = &part.report->targets[0];
	if (mu_session_is_between_programs(s, part.target)) {
		mu_report_free(part.report);
		return;
	}
	mu_symbolizer_bind(sym, part.target);
	mu_allocations_free(mu_session_apply_filter(s, part.target));
	mu_session_report_children(s);
	part.is_live = is_live(s, part.target);
	add_part(parts, part);
}

static void read_unseen(struct mu_parts *parts, struct mu_files *files, uint64_t id)
{
	FILE *file = mu_files_open_target(files, id, "report");
	struct mu_part part = { .report = file ? mu_report_read(file, "report") : NULL };

	if (file)
		fclose(file);
	if (!part.report || part.report->nr_targets != 1) { /* the module has dropped it */
		mu_report_free(part.report);
		return;
	}
	part.target = &part.report->targets[0];
	add_part(parts, part);
}

static int compare_parts(const void *a, const void *b)
{
	const struct mu_part *x = a, *y = b;

	return x->target->id < y->target->id ? -1 : x->target->id > y->target->id;
}

/**
 * mu_parts_read() - read the reports of all processes
 * @parts: set to the targets, to be freed
 * @all: the sessions
 * @sym: symbolizer of all processes
 */
void mu_parts_read(struct mu_parts *parts, struct mu_sessions *all, struct mu_symbolizer *sym)
{
	*parts = (struct mu_parts){};
	mu_symbolizer_hold(sym);
	for (size_t i = 0; i < all->nr; i++)
		if (all->session[i]->attached && !all->session[i]->over)
			read_session(parts, all->session[i], sym);
	for (size_t i = 0; i < all->nr_unseen; i++)
		read_unseen(parts, all->files, all->unseen[i]);
	if (parts->nr)
		qsort(parts->part, parts->nr, sizeof(*parts->part), compare_parts);
}

/**
 * mu_parts_leave_out_unfrozen() - leave out live targets that are not frozen, as others are
 * @parts: the targets
 */
void mu_parts_leave_out_unfrozen(struct mu_parts *parts)
{
	for (size_t i = 0; i < parts->nr; i++) {
		struct mu_part *part = &parts->part[i];

		part->is_left_out = part->is_live && !part->target->is_frozen;
		parts->left_out += part->is_left_out;
	}
}

/**
 * mu_parts_is_shown() - check whether a target is shown
 * @parts: the targets
 * @part: one of them
 *
 * Return: true if it is.
 */
bool mu_parts_is_shown(const struct mu_parts *parts, const struct mu_part *part)
{
	return parts->live ? part->is_live && !part->is_left_out : true;
}

/**
 * mu_parts_end_sessions() - end the sessions of processes that have ended
 * @parts: the targets
 * @all: the sessions
 * @sym: symbolizer of all processes; closes the files of these
 */
void mu_parts_end_sessions(const struct mu_parts *parts, const struct mu_sessions *all,
			   struct mu_symbolizer *sym)
{
	for (size_t i = 0; i < parts->nr; i++)
		if (!parts->part[i].is_live && parts->part[i].session)
			parts->part[i].session->over = true;
	for (size_t i = 0; i < all->nr; i++) {
		struct mu_session *s = all->session[i];

		if (!s->over || !s->is_in_sum)
			continue;
		mu_symbolizer_remove(sym, s->id);
		s->is_in_sum = false;
	}
}

/**
 * mu_parts_free() - free the reports
 * @parts: the targets
 */
void mu_parts_free(struct mu_parts *parts)
{
	for (size_t i = 0; i < parts->nr; i++)
		mu_report_free(parts->part[i].report);
	free(parts->part);
}
