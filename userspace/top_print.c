// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of top: the machine, the processes or cgroups by growth, the next command.
 *
 * A pure function of the rows: no state and no input. At 80 columns, the columns take their least
 * width; on a wider terminal, names are cut less. Depends on top_format.c, top_note.c and text.c.
 */
#include "top_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"
#include "top_format.h"
#include "top_note.h"

#define MIN_WIDTH 80
#define NAME_COLUMNS 10
#define CGROUP_COLUMNS 12
#define ALLOCATOR_COLUMNS 12
/* For the path of a cgroup, beside the numbers and the number of processes. */
#define PATH_COLUMNS 36
#define MIB (1024.0 * 1024)

/* The texts of a row, safe to print. */
struct cells {
	char *name, *cgroup;
	const char *allocator;
};

/* The columns of texts. */
struct widths {
	size_t name, cgroup, allocator;
};

/* Takes the line. */
static void put_line(FILE *out, const struct mu_top_table *t, char *line)
{
	char *cut = mu_top_cut(line, t->width);
	size_t len = strlen(cut);

	while (len && cut[len - 1] == ' ')
		cut[--len] = '\0';
	fprintf(out, "%s\n", cut);
	free(cut);
	free(line);
}

/* === The machine === */

/* Return: "410M +1.0M/min", to be freed. */
static char *format_value(double bytes, const struct mu_top_trend *trend)
{
	char size[MU_TOP_TEXT_MAX], slope[MU_TOP_TEXT_MAX];

	mu_top_format_size(size, bytes, false);
	mu_top_format_size(slope, trend->per_minute, true);
	return mu_format("%s %s/min", size, slope);
}

static char *format_of_total(double bytes, double total, const struct mu_top_trend *trend)
{
	char size[MU_TOP_TEXT_MAX], all[MU_TOP_TEXT_MAX], slope[MU_TOP_TEXT_MAX];

	mu_top_format_size(size, bytes, false);
	mu_top_format_size(all, total, false);
	mu_top_format_size(slope, trend->per_minute, true);
	return mu_format("%s/%s %s/min", size, all, slope);
}

static char *format_oom_kills(const struct mu_top_machine_trend *m)
{
	if (!m->now.has_oom_kills)
		return mu_format("-");
	if (m->oom_kills.change > 0)
		return mu_format("%" PRIu64 " (+%" PRId64 ")", m->now.oom_kills,
				 m->oom_kills.change);
	return mu_format("%" PRIu64, m->now.oom_kills);
}

static char *format_pressure(const struct mu_top_machine *m)
{
	if (!m->has_psi)
		return mu_format("-");
	return mu_format("some %.1f%% full %.1f%%", m->psi_some / 100.0, m->psi_full / 100.0);
}

static void print_machine(FILE *out, const struct mu_top_table *t)
{
	const struct mu_top_machine_trend *m = &t->machine;
	char *available = format_of_total(m->now.available, m->now.total, &m->available);
	char *swap = m->now.swap_total ?
			     format_of_total(m->now.swap_used, m->now.swap_total, &m->swap) :
			     mu_format("-");
	char *kills = format_oom_kills(m);
	char *slab = format_value(m->now.slab, &m->slab);
	char *shmem = format_value(m->now.shmem, &m->shmem);
	char *pressure = format_pressure(&m->now);

	put_line(out, t, mu_format("available %s, swap %s, OOM kills %s", available, swap, kills));
	put_line(out, t, mu_format("kernel slab %s, tmpfs %s, PSI %s", slab, shmem, pressure));
	free(available);
	free(swap);
	free(kills);
	free(slab);
	free(shmem);
	free(pressure);
}

/* === Rows === */

static size_t larger_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t smaller_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void make_cells(struct cells *c, const struct mu_top_row *row, bool by_cgroup)
{
	c->name = mu_escape(row->name);
	c->cgroup = by_cgroup ? mu_escape(row->cgroup) : mu_top_cgroup_name(row->cgroup);
	c->allocator = row->allocator ? row->allocator : "";
}

static void free_cells(struct cells *c)
{
	free(c->name);
	free(c->cgroup);
}

/* Widen a column by what it needs and what is left. */
static void widen_column(size_t *column, size_t needed, size_t *left)
{
	size_t more = smaller_size(needed > *column ? needed - *column : 0, *left);

	*column += more;
	*left -= more;
}

static struct widths fit_columns(const struct mu_top_table *t)
{
	size_t left = t->width > MIN_WIDTH ? t->width - MIN_WIDTH : 0;
	struct widths w = { NAME_COLUMNS, CGROUP_COLUMNS, ALLOCATOR_COLUMNS };
	struct widths needed = {};
	struct cells c;

	if (t->by_cgroup)
		w.cgroup = PATH_COLUMNS;
	for (size_t i = 0; i < t->shown; i++) {
		make_cells(&c, &t->rows[i], t->by_cgroup);
		needed.name = larger_size(needed.name, strlen(c.name));
		needed.cgroup = larger_size(needed.cgroup, strlen(c.cgroup));
		needed.allocator = larger_size(needed.allocator, strlen(c.allocator));
		free_cells(&c);
	}
	widen_column(&w.name, needed.name, &left);
	widen_column(&w.allocator, needed.allocator, &left);
	widen_column(&w.cgroup, needed.cgroup, &left);
	return w;
}

static void print_columns(FILE *out, const struct mu_top_table *t, const struct widths *w)
{
	if (t->by_cgroup)
		put_line(out, t,
			 mu_format("  PROCS %-*s %6s %6s %7s %5s %7s", (int)w->cgroup, "CGROUP",
				   "MEMORY", "CHANGE", "MIB/MIN", "GREW", "FULL IN"));
	else
		put_line(out, t,
			 mu_format("    PID %-*s %-*s %6s %6s %7s %5s %7s ALLOCATOR", (int)w->name,
				   "NAME", (int)w->cgroup, "CGROUP", "MEMORY", "CHANGE", "MIB/MIN",
				   "GREW", "FULL IN"));
}

/* Return: the columns from MEMORY to FULL IN, to be freed. */
static char *format_numbers(const struct mu_top_row *row)
{
	char size[MU_TOP_TEXT_MAX], change[MU_TOP_TEXT_MAX], full[MU_TOP_TEXT_MAX];
	double slope = row->trend.per_minute / MIB;
	char grew[MU_TOP_TEXT_MAX];

	mu_top_format_size(size, row->bytes, false);
	mu_top_format_size(change, row->trend.change, true);
	mu_top_format_time(full, row->full_ms);
	if (slope > -0.05 && slope < 0) /* not "-0.0" */
		slope = 0;
	snprintf(grew, sizeof(grew), "%u/%u", row->trend.grew, row->trend.intervals);
	return mu_format("%6s %6s %7.1f %5s %7s", size, change, slope, grew, full);
}

static char *format_row(const struct mu_top_table *t, const struct mu_top_row *row,
			const struct widths *w)
{
	char *numbers = format_numbers(row), *name, *cgroup, *allocator, *line;
	struct cells c;

	make_cells(&c, row, t->by_cgroup);
	name = mu_top_cut(c.name, w->name);
	cgroup = t->by_cgroup ? mu_top_cut_path(c.cgroup, w->cgroup) :
				mu_top_cut(c.cgroup, w->cgroup);
	allocator = mu_top_cut(c.allocator, w->allocator);
	if (t->by_cgroup)
		line = mu_format("%7zu %-*s %s", row->processes, (int)w->cgroup, cgroup, numbers);
	else
		line = mu_format("%7d %-*s %-*s %s %s", row->pid[0], (int)w->name, name,
				 (int)w->cgroup, cgroup, numbers, allocator);
	free(name);
	free(cgroup);
	free(allocator);
	free(numbers);
	free_cells(&c);
	return line;
}

static void print_head(FILE *out, const struct mu_top_table *t)
{
	uint64_t window = t->machine.available.ms;
	char text[MU_TOP_TEXT_MAX];

	mu_top_format_time(text, window);
	put_line(out, t,
		 mu_format("[%s] Top %zu of %zu %s by growth in %s:", t->time, t->shown, t->nr,
			   t->by_cgroup ? "cgroups" : "processes", text));
}

/**
 * mu_top_print() - print a table
 * @out: the output
 * @table: the table
 */
void mu_top_print(FILE *out, const struct mu_top_table *table)
{
	struct mu_top_table t = *table;
	char *note;
	struct widths w;

	t.shown = smaller_size(t.shown, t.nr);
	w = fit_columns(&t);
	print_head(out, &t);
	print_machine(out, &t);
	print_columns(out, &t, &w);
	for (size_t i = 0; i < t.shown; i++)
		put_line(out, &t, format_row(&t, &t.rows[i], &w));
	note = mu_top_note_machine(&t);
	if (note)
		put_line(out, &t, note);
	note = mu_top_note_unreadable(&t);
	if (note)
		put_line(out, &t, note);
	put_line(out, &t, mu_top_note_next(&t));
}
