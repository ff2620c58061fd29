// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collect what is outstanding: walk the records once, add them up by stack, sort.
 *
 * Sums come from the records, not from counters kept at the side: there is one truth, and older=
 * can leave out what is younger.  What a snapshot points to (stacks, mappings) lives as long as the
 * epoch and the target that its selection holds references on, so a target may be cleared or
 * forgotten while its report is being read.
 *
 * Entered from readers, may sleep; no lock of its own.
 */
#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>

#include "snapshot.h"

/*
 * The row that a stack belongs to; NULL: it is newer than the snapshot.  A placeholder that turned
 * out to be such a one while we look has a row of its own for now.
 */
static struct mlu_row *row_of(struct mlu_section *section, struct mlu_stack *stack)
{
	struct mlu_stack *resolved = mlu_stack_resolved(stack);
	struct mlu_row *row;

	if (stack->id > section->nr_rows)
		return NULL;
	if (resolved->id > section->nr_rows)
		resolved = stack;
	row = &section->rows[resolved->id - 1];
	row->stack = resolved;
	return row;
}

/* Called under a spinlock for each record. */
static void add_up(const struct mlu_alloc *alloc, void *ctx)
{
	struct mlu_section *section = ctx;
	struct mlu_row *row;

	if (section->older_ns && alloc->time_ns + section->older_ns > section->now_ns)
		return;
	row = row_of(section, alloc->stack);
	if (!row)
		return;
	if (!row->nr || alloc->time_ns > row->youngest_ns)
		row->youngest_ns = alloc->time_ns;
	if (!row->nr || alloc->time_ns < row->oldest_ns)
		row->oldest_ns = alloc->time_ns;
	row->bytes += alloc->size;
	row->nr++;
}

static int walk(struct mlu_section *section, struct mlu_allocs *table)
{
	struct mlu_allocs_cursor cursor = {};
	unsigned int steps = 0;

	while (!cursor.done) {
		mlu_allocs_step(table, &cursor, add_up, section, UINT_MAX);
		if (++steps % 64)
			continue;
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct mlu_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (!x->stack || !y->stack)
		return !x->stack - !y->stack;
	return x->stack->id < y->stack->id ? -1 : x->stack->id > y->stack->id;
}

/* What was made and freed at each stack, with what its placeholders have counted. */
static void freeze_counts(struct mlu_section *section)
{
	struct mlu_stack *stack = READ_ONCE(section->epoch->stacks.all);
	struct mlu_row *row;

	for (; stack; stack = stack->next) {
		row = row_of(section, stack);
		if (!row)
			continue;
		row->made += atomic64_read(&stack->made);
		row->freed += atomic64_read(&stack->freed);
	}
}

/* Sort, drop the rows of stacks without allocations, add up. */
static void finish_rows(struct mlu_section *section)
{
	unsigned int i, nr = 0;

	freeze_counts(section);
	for (i = 0; i < section->nr_rows; i++) {
		if (!section->rows[i].nr)
			continue;
		section->bytes += section->rows[i].bytes;
		section->nr += section->rows[i].nr;
		section->rows[nr++] = section->rows[i];
	}
	section->nr_rows = nr;
	sort(section->rows, nr, sizeof(*section->rows), by_bytes, NULL);
}

static int by_id(const void *a, const void *b)
{
	const struct mlu_mapping_shown *x = a, *y = b;

	return x->mapping->id < y->mapping->id ? -1 : x->mapping->id > y->mapping->id;
}

static unsigned int nr_frames(const struct mlu_section *section)
{
	unsigned int i, nr = 0;

	for (i = 0; i < section->nr_rows; i++)
		nr += section->rows[i].stack->nr;
	return nr;
}

static void add_places(struct mlu_section *section, const struct mlu_stack *stack)
{
	unsigned int i;

	for (i = 0; i < stack->nr; i++)
		if (stack->frames[i].mapping)
			section->mappings[section->nr_mappings++].mapping = stack->frames[i].mapping;
}

static void freeze_mapping(struct mlu_maps *maps, struct mlu_mapping_shown *shown)
{
	shown->gone = !mlu_maps_copy_holes(maps, shown->mapping, &shown->holes);
	shown->shared = shown->gone || shown->holes.nr || READ_ONCE(shown->mapping->overlays);
	shown->dso = mlu_mapping_read_dso(shown->mapping);
}

/* The mappings that frames name, each once. */
static int collect_places(struct mlu_section *section, struct mlu_maps *maps)
{
	unsigned int i, nr = 0;

	section->mappings = kvcalloc(nr_frames(section) + 1, sizeof(*section->mappings),
				     GFP_KERNEL);
	if (!section->mappings)
		return -ENOMEM;
	for (i = 0; i < section->nr_rows; i++)
		add_places(section, section->rows[i].stack);
	sort(section->mappings, section->nr_mappings, sizeof(*section->mappings), by_id, NULL);
	for (i = 0; i < section->nr_mappings; i++)
		if (!nr || section->mappings[i].mapping != section->mappings[nr - 1].mapping)
			section->mappings[nr++] = section->mappings[i];
	for (i = 0; i < nr; i++)
		freeze_mapping(maps, &section->mappings[i]);
	section->nr_mappings = nr;
	return 0;
}

static void begin_section(struct mlu_section *section, const struct mlu_selected *selected)
{
	struct mlu_target *target = selected->target;

	section->target = target;
	section->epoch = selected->epoch;
	mlu_counters_add(&section->counters, section->epoch->counters);
	mutex_lock(&mlu_targets_lock);
	section->state = target->state;
	mutex_unlock(&mlu_targets_lock);
	section->now_ns = mlu_target_now(target);
	section->older_ns = target->options.older_ms * NSEC_PER_MSEC;
	mlu_unseen_collect(&section->unseen, target);
	section->nr_rows = atomic_read(&section->epoch->stacks.last_id);
}

static int collect(struct mlu_section *section, const struct mlu_selected *selected)
{
	int err;

	/* First, so that what has become of placeholders is in the snapshot. */
	mlu_maps_wait(&selected->target->maps);
	mlu_deferred_wait(&selected->target->deferred);
	begin_section(section, selected);
	section->rows = kvcalloc(section->nr_rows + 1, sizeof(*section->rows), GFP_KERNEL);
	if (!section->rows)
		return -ENOMEM;
	err = walk(section, &section->epoch->heap);
	if (!err)
		err = walk(section, &section->epoch->mmaps);
	if (err)
		return err;
	finish_rows(section);
	mlu_maps_wait(&selected->target->maps);
	return collect_places(section, &selected->target->maps);
}

void mlu_snapshot_free(struct mlu_snapshot *report)
{
	unsigned int i;

	for (i = 0; i < report->selection->nr; i++) {
		kvfree(report->sections[i].rows);
		kvfree(report->sections[i].mappings);
	}
	mlu_selection_free(report->selection);
	kvfree(report);
}

struct mlu_snapshot *mlu_snapshot_new(u32 id)
{
	struct mlu_selection *selection = mlu_selection_new(id);
	struct mlu_snapshot *report;
	unsigned int i;
	int err = 0;

	if (!selection)
		return ERR_PTR(-ENOMEM);
	report = kvzalloc(struct_size(report, sections, selection->nr), GFP_KERNEL);
	if (!report) {
		mlu_selection_free(selection);
		return ERR_PTR(-ENOMEM);
	}
	report->selection = selection;
	for (i = 0; i < selection->nr && !err; i++)
		err = collect(&report->sections[i], &selection->item[i]);
	if (!err)
		return report;
	mlu_snapshot_free(report);
	return ERR_PTR(err);
}

/* mlu_section_mapping() - how a mapping that a frame of the section names was at the snapshot */
const struct mlu_mapping_shown *mlu_section_mapping(const struct mlu_section *section,
						    const struct mlu_mapping *mapping)
{
	const struct mlu_mapping_shown key = { .mapping = mapping };

	return bsearch(&key, section->mappings, section->nr_mappings, sizeof(key), by_id);
}
