// SPDX-License-Identifier: GPL-2.0-only
/*
 * One table for all processes: the sum of those that are live, by equal stacks.
 *
 * The blocks that a process has lost are gone when it ends, so that ended processes are only
 * counted, see parts.c. Depends on parts.c, sum.c, print.c and total.c.
 */
#include "sum_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "parts.h"

/**
 * mu_sum_table_init() - prepare tables
 * @table: the tables
 * @o: the options
 * @files: the module's files
 */
void mu_sum_table_init(struct mu_sum_table *table, const struct mu_options *o,
		       struct mu_files *files)
{
	const struct mu_search_dirs dirs = { .proc = -1, .debug_path = o->debug_path };

	*table = (struct mu_sum_table){
		.o = o,
		.files = files,
		.sym = mu_symbolizer_new(&dirs, o->view.lines),
		.sum = mu_sum_new(),
	};
}

/**
 * mu_sum_table_free() - free the tables
 * @table: the tables
 */
void mu_sum_table_free(struct mu_sum_table *table)
{
	mu_history_free(&table->history);
	mu_symbolizer_free(table->sym);
	mu_sum_free(table->sum);
}

/**
 * mu_sum_table_add() - open the files of processes that are new
 * @table: the tables
 * @all: the sessions
 */
void mu_sum_table_add(struct mu_sum_table *table, struct mu_sessions *all)
{
	for (size_t i = 0; i < all->nr; i++) {
		struct mu_session *s = all->session[i];

		if (!s->attached || s->is_in_sum || s->over)
			continue;
		mu_symbolizer_add(table->sym, s->id, s->process.proc);
		s->is_in_sum = true;
	}
}

/**
 * mu_sum_table_remove() - close the files of a process that has executed another program
 * @table: the tables
 * @s: its session, still that of the former program
 */
void mu_sum_table_remove(struct mu_sum_table *table, struct mu_session *s)
{
	if (!s->is_in_sum)
		return;
	mu_symbolizer_remove(table->sym, s->id);
	s->is_in_sum = false;
	table->gone += s->group != 0;
}

static void update_resident(struct mu_session *s, const struct mu_target *t)
{
	bool is_cleared = t->allocated < s->since.allocated;

	if (is_cleared || !s->resident.since || (s->foreign && !s->since.has_table))
		mu_resident_begin(&s->resident, is_cleared ? "it was cleared" : "the first table",
				  s->process.proc, t->bytes);
	else
		mu_resident_update(&s->resident, s->process.proc);
	s->since = (struct mu_since){ .has_table = true, .allocated = t->allocated };
}

static void sum_up(struct mu_sum_table *table, const struct mu_parts *parts, struct mu_target *sum,
		   struct mu_resident *resident)
{
	const struct mu_target **targets = mu_zalloc((parts->nr + 1) * sizeof(*targets));
	size_t nr = 0;

	for (size_t i = 0; i < parts->nr; i++) {
		if (!mu_parts_is_shown(parts, &parts->part[i]))
			continue;
		targets[nr++] = parts->part[i].target;
		if (parts->part[i].is_live)
			mu_resident_add(resident, &parts->part[i].session->resident);
	}
	mu_sum_targets(table->sum, targets, nr, sum);
	free(targets);
}

static void show_ended(struct mu_sum_table *table, const struct mu_sessions *all,
		       const struct mu_parts *parts)
{
	uint64_t read = parts->nr - parts->live, ended = all->groups.gone - table->gone;

	if (all->groups.gone < table->gone || ended < read)
		ended = read;
	table->gone = all->groups.gone;
	if (!ended)
		return;
	printf("\tended since the %s: %" PRIu64 " process%s, with %" PRIu64 " bytes in %" PRIu64
	       " allocations",
	       table->since.has_table ? "last table" : "attach", ended, ended == 1 ? "" : "es",
	       parts->ended.bytes, parts->ended.count);
	if (read < ended)
		printf(" in %" PRIu64 " of them (max_ended)", read);
	putchar('\n');
}

static void show_left_out(const struct mu_sessions *all, const struct mu_parts *parts)
{
	if (parts->left_out)
		printf("\tnot frozen: %zu process%s, left out\n", parts->left_out,
		       parts->left_out == 1 ? "" : "es");
	if (all->groups.untraced)
		printf("\tnot traced: %" PRIu64
		       " process%s (max_targets of the module, or no memory)\n",
		       all->groups.untraced, all->groups.untraced == 1 ? "" : "es");
	if (all->groups.lost)
		printf("\tnot recorded: %" PRIu64 " first events of new processes\n",
		       all->groups.lost);
}

static void show_total(struct mu_sum_table *table, struct mu_target *sum,
		       const struct mu_resident *resident)
{
	const struct mu_total total = {
		.view = &table->o->view,
		.filter = &table->o->filter,
		.limit = sum->lost ? mu_files_memory_limit(table->files) : 0,
		.resident = resident,
		.freeze = table->o->freeze_ms != 0,
	};

	if (!sum->nr_processes) {
		puts("\tempty: no process is traced");
		sum->has_events = false;
	}
	mu_print_total(&total, sum, &table->since);
	table->since.has_table = true;
}

static void show_parts(struct mu_sum_table *table, const struct mu_sessions *all,
		       const struct mu_parts *parts)
{
	const struct mu_view *view = &table->o->view;
	struct mu_resident resident = {};
	struct mu_target sum;

	sum_up(table, parts, &sum, &resident);
	mu_print_select(view, &sum, table->sym, &table->history);
	mu_print_prepare(view, &sum, table->sym);
	mu_print_processes(&sum);
	puts(":");
	mu_print_head(view);
	mu_print_stacks(view, &sum, table->sym);
	show_ended(table, all, parts);
	show_left_out(all, parts);
	show_total(table, &sum, &resident);
	fflush(stdout);
	mu_target_free(&sum);
}

/**
 * mu_sum_table_show() - print one table
 * @table: the tables
 * @all: the sessions; those of ended processes are over then
 */
void mu_sum_table_show(struct mu_sum_table *table, struct mu_sessions *all)
{
	struct mu_parts parts;

	mu_parts_read(&parts, all, table->sym);
	if (table->is_frozen)
		mu_parts_leave_out_unfrozen(&parts);
	for (size_t i = 0; i < parts.nr; i++)
		if (parts.part[i].is_live)
			update_resident(parts.part[i].session, parts.part[i].target);
	show_parts(table, all, &parts);
	table->shown |= parts.nr || all->o->all;
	mu_parts_end_sessions(&parts, all, table->sym);
	mu_parts_free(&parts);
}
