// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collect the outstanding allocations: walk the records once, add them up by stack, sort.
 *
 * The sums are made from the records, not from counters kept beside them, so that the two cannot
 * disagree and older= can leave out young allocations.
 *
 * Ownership: the stacks and mappings that a snapshot points to live as long as the epoch and the
 * target that its selection holds references on. So a target may be cleared or forgotten while its
 * report is being read.
 *
 * Context: Called from readers in process context; may sleep. No lock of its own.
 */
#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>

#include "snapshot.h"

/*
 * The row of a stack, or NULL if the stack is newer than the snapshot. A placeholder whose stack is
 * newer than the snapshot has a row of its own.
 */
static struct mlu_row *section_find_row(struct mlu_section *section, struct mlu_stack *stack)
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

/* Called for each record, under the spinlock of its table. */
static void section_add_alloc(const struct mlu_alloc *alloc, void *ctx)
{
	struct mlu_section *section = ctx;
	u64 time_ns = mlu_alloc_time_ns(alloc);
	struct mlu_row *row;

	row = section_find_row(section, alloc->stack);
	if (!row)
		return;
	row->nr_present++;
	if (section->older_ns && time_ns + section->older_ns > section->now_ns)
		return;
	if (!row->nr_recorded || time_ns > row->youngest_ns)
		row->youngest_ns = time_ns;
	if (!row->nr_recorded || time_ns < row->oldest_ns)
		row->oldest_ns = time_ns;
	row->nr_recorded++;
	if (mlu_sampler_is_used(&section->target->sampler))
		mlu_estimate_add(&row->estimate, alloc->size,
				 mlu_sampler_weight(&section->target->sampler,
						    mlu_epoch_sampled_size(alloc)));
	else
		row->bytes += alloc->size;
}

static int section_walk_records(struct mlu_section *section)
{
	struct mlu_epoch_cursor cursor = {};

	while (!mlu_epoch_cursor_is_done(&cursor)) {
		mlu_epoch_step(section->epoch, &cursor, section_add_alloc, section, UINT_MAX);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static int compare_bytes(const void *a, const void *b)
{
	const struct mlu_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (!x->stack || !y->stack)
		return !x->stack - !y->stack;
	return x->stack->id < y->stack->id ? -1 : x->stack->id > y->stack->id;
}

/* The counts of placeholders are added to those of their stacks. */
static void section_add_made(struct mlu_stack *stack, u64 made, void *ctx)
{
	struct mlu_row *row = section_find_row(ctx, stack);

	if (row)
		row->made += made;
}

/* Take a row's totals from its sums. */
static void section_finish_row(struct mlu_section *section, struct mlu_row *row)
{
	if (mlu_sampler_is_used(&section->target->sampler)) {
		row->bytes = row->estimate.bytes;
		row->nr = mlu_estimate_number(&row->estimate);
		mlu_estimate_sum(&section->estimate, &row->estimate);
	} else {
		row->nr = row->nr_recorded;
	}
	section->bytes += row->bytes;
	section->nr += row->nr;
	section->nr_recorded += row->nr_recorded;
}

/*
 * Read the counts of each stack, drop the rows of stacks without allocations, add up the others and
 * sort them.
 */
static void section_finish_rows(struct mlu_section *section)
{
	unsigned int i, nr = 0;

	mlu_stacks_read_counts(&section->epoch->stacks, section_add_made, section);
	for (i = 0; i < section->nr_rows; i++) {
		if (!section->rows[i].nr_recorded)
			continue;
		section_finish_row(section, &section->rows[i]);
		section->rows[nr++] = section->rows[i];
	}
	section->nr_rows = nr;
	sort(section->rows, nr, sizeof(*section->rows), compare_bytes, NULL);
}

static int compare_ids(const void *a, const void *b)
{
	const struct mlu_mapping_shown *x = a, *y = b;

	return x->mapping->id < y->mapping->id ? -1 : x->mapping->id > y->mapping->id;
}

/* Collect the mappings that frames name, each once, and read the state of each. */
static int section_collect_mappings(struct mlu_section *section, struct mlu_maps *maps)
{
	const struct mlu_mapping **by_id;
	struct mlu_mapping_shown *shown;
	unsigned int i, j, nr = 0;

	by_id = kvcalloc(MLU_MAX_MAPPINGS + 1, sizeof(*by_id), GFP_KERNEL);
	if (!by_id)
		return -ENOMEM;
	for (i = 0; i < section->nr_rows; i++) {
		const struct mlu_stack *stack = section->rows[i].stack;

		for (j = 0; j < stack->nr; j++) {
			const struct mlu_mapping *mapping = stack->frames[j].mapping;

			if (!mapping || by_id[mapping->id])
				continue;
			by_id[mapping->id] = mapping;
			nr++;
		}
	}
	section->mappings = kvcalloc(nr + 1, sizeof(*shown), GFP_KERNEL);
	for (i = 1; section->mappings && i <= MLU_MAX_MAPPINGS; i++)
		if (by_id[i])
			section->mappings[section->nr_mappings++].mapping = by_id[i];
	kvfree(by_id);
	if (!section->mappings)
		return -ENOMEM;
	for (i = 0; i < section->nr_mappings; i++) {
		shown = &section->mappings[i];
		shown->gone = !mlu_maps_copy_holes(maps, shown->mapping, &shown->holes);
		shown->shared = shown->gone || shown->holes.nr ||
				READ_ONCE(shown->mapping->overlays);
		shown->dso = mlu_mapping_read_dso(shown->mapping);
		shown->name = mlu_mapping_name(shown->mapping, &shown->name_len);
	}
	return 0;
}

static int section_collect(struct mlu_section *section, const struct mlu_selected *selected)
{
	struct mlu_target *target = selected->target;
	int err;

	/* Before the ids are read, so that the stacks of placeholders are in the snapshot. */
	mlu_maps_wait(&target->maps);
	mlu_deferred_wait(&target->deferred);
	section->target = target;
	section->epoch = selected->epoch;
	mlu_counters_add(&section->counters, section->epoch->counters);
	mutex_lock(&mlu_targets_lock);
	section->state = target->state;
	section->frozen_ns = target->frozen ? target->frozen_ns : 0;
	section->mark = section->epoch->mark;
	if (section->mark)
		refcount_inc(&section->mark->refs);
	mutex_unlock(&mlu_targets_lock);
	section->now_ns = mlu_target_now(target);
	section->older_ns = target->options.older_ms * NSEC_PER_MSEC;
	mlu_unseen_collect(&section->unseen, target);
	section->nr_rows = atomic_read(&section->epoch->stacks.last_id);
	section->rows = kvcalloc(section->nr_rows + 1, sizeof(*section->rows), GFP_KERNEL);
	if (!section->rows)
		return -ENOMEM;
	err = section_walk_records(section);
	if (err)
		return err;
	section_finish_rows(section);
	mlu_maps_wait(&target->maps);
	return section_collect_mappings(section, &target->maps);
}

/**
 * mlu_snapshot_free() - free a snapshot and drop its references
 * @snapshot: the snapshot
 *
 * Context: Process context. May sleep.
 */
void mlu_snapshot_free(struct mlu_snapshot *snapshot)
{
	unsigned int i;

	for (i = 0; i < snapshot->selection->nr; i++) {
		kvfree(snapshot->sections[i].rows);
		kvfree(snapshot->sections[i].mappings);
		mlu_mark_put(snapshot->sections[i].mark);
	}
	mlu_selection_free(snapshot->selection);
	kvfree(snapshot);
}

/**
 * mlu_snapshot_new() - collect the outstanding allocations
 * @id: of one target, or 0 for all
 *
 * Context: Process context. May sleep, killably. Waits for files that are being read and for late
 * walks, a second at most for each.
 * Return: the snapshot or an ERR_PTR: -ENOMEM, or -EINTR if the reader is being killed.
 */
struct mlu_snapshot *mlu_snapshot_new(u32 id)
{
	struct mlu_selection *selection = mlu_selection_new(id);
	struct mlu_snapshot *snapshot;
	unsigned int i;
	int err;

	if (!selection)
		return ERR_PTR(-ENOMEM);
	snapshot = kvzalloc(struct_size(snapshot, sections, selection->nr), GFP_KERNEL);
	if (!snapshot) {
		err = -ENOMEM;
		goto err_selection;
	}
	snapshot->selection = selection;
	for (i = 0; i < selection->nr; i++) {
		err = section_collect(&snapshot->sections[i], &selection->item[i]);
		if (err)
			goto err_snapshot;
	}
	return snapshot;

err_snapshot:
	/* With its selection. */
	mlu_snapshot_free(snapshot);
	return ERR_PTR(err);
err_selection:
	mlu_selection_free(selection);
	return ERR_PTR(err);
}

/**
 * mlu_section_mapping() - find the state of a mapping at the time of the snapshot
 * @section: the section of its target
 * @mapping: a mapping that a frame of the section names
 *
 * Return: the mapping, as it was then.
 */
const struct mlu_mapping_shown *mlu_section_mapping(const struct mlu_section *section,
						    const struct mlu_mapping *mapping)
{
	const struct mlu_mapping_shown key = { .mapping = mapping };

	return bsearch(&key, section->mappings, section->nr_mappings, sizeof(key), compare_ids);
}
