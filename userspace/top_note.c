// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines below the table of top: what to do next.
 *
 * Each function is pure. Depends on top_format.c and top_allocator.c.
 */
#include "top_note.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "top_allocator.h"
#include "top_format.h"

/* Less than this, in bytes per minute, is shown as 0.0 and suggests nothing. */
#define MIN_SLOPE (0.05 * 1024 * 1024)
/* Growth of the machine that is worth a line. */
#define MIN_MACHINE_SLOPE (1024.0 * 1024)

static double largest_slope(const struct mu_top_table *t)
{
	double slope = 0;

	for (size_t i = 0; i < t->nr; i++)
		if (t->rows[i].trend.per_minute > slope)
			slope = t->rows[i].trend.per_minute;
	return slope;
}

/**
 * mu_top_note_machine() - say that the memory grows outside of processes
 * @t: the table
 *
 * Return: the line, to be freed, NULL if a process grows more.
 */
char *mu_top_note_machine(const struct mu_top_table *t)
{
	double slab = t->machine.slab.per_minute, shmem = t->machine.shmem.per_minute;
	bool is_slab = slab > shmem;
	double slope = is_slab ? slab : shmem;
	char text[MU_TOP_TEXT_MAX];

	if (slope < MIN_MACHINE_SLOPE || slope <= largest_slope(t))
		return NULL;
	mu_top_format_size(text, slope, true);
	if (is_slab)
		return mu_format("the kernel's slab grows most, by %s/min: see slabtop", text);
	return mu_format("tmpfs and shared memory grow most, by %s/min: see df -t tmpfs, ipcs -m",
			 text);
}

/**
 * mu_top_note_unreadable() - say that processes are missing
 * @t: the table
 *
 * Return: the line, to be freed, NULL if all were read.
 */
char *mu_top_note_unreadable(const struct mu_top_table *t)
{
	if (!t->unreadable)
		return NULL;
	return mu_format("%zu process%s could not be read: run as root", t->unreadable,
			 t->unreadable == 1 ? "" : "es");
}

static bool is_growing(const struct mu_top_row *row)
{
	return row->trend.per_minute >= MIN_SLOPE;
}

/* Return: "12,13", to be freed. */
static char *join_pids(const struct mu_top_row *row)
{
	char *list = mu_format("%d", row->pid[0]);

	for (size_t i = 1; i < row->nr_pids; i++) {
		char *joined = mu_format("%s,%d", list, row->pid[i]);

		free(list);
		list = joined;
	}
	return list;
}

/* Rows that are not shown were not examined. */
static const struct mu_top_row *find_next(const struct mu_top_table *t, bool *grows)
{
	*grows = false;
	for (size_t i = 0; i < t->shown; i++) {
		if (!is_growing(&t->rows[i]))
			continue;
		*grows = true;
		if (mu_top_is_traceable(t->rows[i].allocator))
			return &t->rows[i];
	}
	return NULL;
}

/**
 * mu_top_note_next() - suggest the command that shows which code allocates
 * @t: the table
 *
 * Return: the line, to be freed.
 */
char *mu_top_note_next(const struct mu_top_table *t)
{
	bool grows;
	const struct mu_top_row *row = find_next(t, &grows);
	char *pids, *line;

	if (!row)
		return mu_format(grows ? "no process that grows can be traced, see ALLOCATOR" :
					 "no process grows steadily");
	pids = join_pids(row);
	line = mu_format("next: memleak-user -p %s", pids);
	free(pids);
	return line;
}
