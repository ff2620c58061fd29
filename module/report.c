// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs "report": outstanding allocations grouped by stack.
 *
 * Collecting and printing are apart.  open() walks the records once, adds them up by stack, sorts;
 * show() only formats.  What a snapshot points to (stacks, mappings) lives as long as the epoch and
 * the target that it holds references on, so a target may be cleared or forgotten while its report
 * is being read.
 *
 * Entered from readers, may sleep; no lock of its own.  Sums come from the records, not from
 * counters kept at the side: there is one truth, and older= can leave out what is younger.
 */
#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>

#include "dso.h"
#include "files.h"
#include "report.h"
#include "text.h"

/* One stack's allocations. */
struct row {
	const struct mlu_stack *stack;
	u64 bytes;
	u64 nr;
	u64 youngest_ns; /* when it was made */
	u64 oldest_ns;
	s64 made;
	s64 freed;
};

/* A mapping that frames name, as it was when the file was opened. */
struct place {
	const struct mlu_mapping *mapping;
	bool gone;
};

/* One target's part of a report. */
struct section {
	const struct mlu_target *target;
	struct mlu_epoch *epoch;
	enum mlu_state state;
	u64 now_ns;
	u64 older_ns; /* what is younger is left out */
	u64 bytes, nr, lost;
	unsigned int nr_rows;
	struct row *rows;
	unsigned int nr_places;
	struct place *places; /* by id */
};

struct report {
	struct mlu_selection *selection;
	struct section sections[];
};

static const char *const end_notes[MLU_NR_WALK_ENDS] = {
	[MLU_WALK_END] = "end",	    [MLU_WALK_DEPTH] = "depth",
	[MLU_WALK_FAULT] = "fault", [MLU_WALK_FRAME_POINTER] = "bad frame pointer",
	[MLU_WALK_PC] = "bad pc",
};

static const char *const kind_words[MLU_NR_KINDS] = {
	[MLU_KIND_HEAP] = "",
	[MLU_KIND_MMAP] = "mmap, ",
	[MLU_KIND_STACK] = "stack, ",
};

/* === Collecting === */

/* Called under a spinlock for each record. A stack newer than the snapshot has no row. */
static void add_up(const struct mlu_alloc *alloc, void *ctx)
{
	struct section *section = ctx;
	struct row *row;

	if (section->older_ns && alloc->time_ns + section->older_ns > section->now_ns)
		return;
	if (alloc->stack->id > section->nr_rows)
		return;
	row = &section->rows[alloc->stack->id - 1];
	if (!row->nr || alloc->time_ns > row->youngest_ns)
		row->youngest_ns = alloc->time_ns;
	if (!row->nr || alloc->time_ns < row->oldest_ns)
		row->oldest_ns = alloc->time_ns;
	row->stack = alloc->stack;
	row->bytes += alloc->size;
	row->nr++;
}

static int walk(struct section *section, struct mlu_allocs *table)
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
	const struct row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	if (!x->stack || !y->stack)
		return !x->stack - !y->stack;
	return x->stack->id < y->stack->id ? -1 : x->stack->id > y->stack->id;
}

static void freeze_row(struct section *section, struct row *row)
{
	section->bytes += row->bytes;
	section->nr += row->nr;
	row->made = atomic64_read(&row->stack->made);
	row->freed = atomic64_read(&row->stack->freed);
}

/* Sort, drop the rows of stacks without allocations, add up. */
static void finish_rows(struct section *section)
{
	unsigned int i, nr = 0;

	for (i = 0; i < section->nr_rows; i++)
		if (section->rows[i].nr)
			section->rows[nr++] = section->rows[i];
	section->nr_rows = nr;
	sort(section->rows, nr, sizeof(*section->rows), by_bytes, NULL);
	for (i = 0; i < nr; i++)
		freeze_row(section, &section->rows[i]);
}

static int by_id(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->mapping->id < y->mapping->id ? -1 : x->mapping->id > y->mapping->id;
}

static unsigned int nr_frames(const struct section *section)
{
	unsigned int i, nr = 0;

	for (i = 0; i < section->nr_rows; i++)
		nr += section->rows[i].stack->nr;
	return nr;
}

static void add_places(struct section *section, const struct mlu_stack *stack)
{
	unsigned int i;

	for (i = 0; i < stack->nr; i++)
		if (stack->frames[i].mapping)
			section->places[section->nr_places++].mapping = stack->frames[i].mapping;
}

/* The mappings that frames name, each once. */
static int collect_places(struct section *section)
{
	unsigned int i, nr = 0;

	section->places = kvcalloc(nr_frames(section) + 1, sizeof(*section->places), GFP_KERNEL);
	if (!section->places)
		return -ENOMEM;
	for (i = 0; i < section->nr_rows; i++)
		add_places(section, section->rows[i].stack);
	sort(section->places, section->nr_places, sizeof(*section->places), by_id, NULL);
	for (i = 0; i < section->nr_places; i++)
		if (!nr || section->places[i].mapping != section->places[nr - 1].mapping)
			section->places[nr++] = section->places[i];
	for (i = 0; i < nr; i++)
		section->places[i].gone = READ_ONCE(section->places[i].mapping->gone);
	section->nr_places = nr;
	return 0;
}

static void begin_section(struct section *section, const struct mlu_selected *selected)
{
	struct mlu_target *target = selected->target;
	struct mlu_counters sum = {};

	section->target = target;
	section->epoch = selected->epoch;
	mlu_counters_add(&sum, section->epoch->counters);
	section->lost = mlu_counters_lost(&sum);
	mutex_lock(&mlu_targets_lock);
	section->state = target->state;
	mutex_unlock(&mlu_targets_lock);
	section->now_ns = mlu_target_now(target);
	section->older_ns = target->options.older_ms * NSEC_PER_MSEC;
	section->nr_rows = atomic_read(&section->epoch->stacks.last_id);
}

static int collect(struct section *section, const struct mlu_selected *selected)
{
	int err;

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
	return collect_places(section);
}

static void report_free(struct report *report)
{
	unsigned int i;

	for (i = 0; i < report->selection->nr; i++) {
		kvfree(report->sections[i].rows);
		kvfree(report->sections[i].places);
	}
	mlu_selection_free(report->selection);
	kvfree(report);
}

static struct report *report_new(u32 id)
{
	struct mlu_selection *selection = mlu_selection_new(id);
	struct report *report;
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
	report_free(report);
	return ERR_PTR(err);
}

/* === Printing === */

static u64 age_ms(const struct section *section, u64 made_ns)
{
	return section->now_ns > made_ns ? div_u64(section->now_ns - made_ns, NSEC_PER_MSEC) : 0;
}

static bool is_gone(const struct section *section, const struct mlu_mapping *mapping)
{
	const struct place key = { .mapping = mapping };
	const struct place *place = bsearch(&key, section->places, section->nr_places, sizeof(key),
					    by_id);

	return place && place->gone;
}

static void show_frame(struct seq_file *m, const struct section *section,
		       const struct mlu_frame *frame)
{
	seq_printf(m, "\t0x%016lx ", frame->pc);
	mlu_seq_code(m, frame->mapping, frame->pc);
	if (frame->mapping && is_gone(section, frame->mapping))
		seq_printf(m, " (unmapped) (mapping %u)", frame->mapping->id);
}

static void show_row(struct seq_file *m, const struct section *section, const struct row *row)
{
	const struct mlu_stack *stack = row->stack;
	unsigned int i;

	seq_printf(m,
		   "%llu bytes in %llu allocations from stack %u (%sage %llu..%llu ms, %lld made, %lld freed)\n",
		   row->bytes, row->nr, stack->id, kind_words[stack->kind],
		   age_ms(section, row->youngest_ns), age_ms(section, row->oldest_ns), row->made,
		   row->freed);
	for (i = 0; i < stack->nr; i++) {
		show_frame(m, section, &stack->frames[i]);
		if (i == stack->nr - 1)
			seq_printf(m, " (%s)", end_notes[stack->end]);
		seq_putc(m, '\n');
	}
}

static void show_place(struct seq_file *m, const struct place *place)
{
	const struct mlu_mapping *mapping = place->mapping;
	const struct mlu_dso *dso = mlu_mapping_dso(mapping);
	const char *path = mlu_mapping_path(mapping);
	const char *name = path;
	size_t len = path ? strlen(path) : 0;

	seq_printf(m, "mapping %u 0x%lx-0x%lx 0x%llx ", mapping->id, mapping->start, mapping->end,
		   mapping->offset);
	if (dso && dso->build_id_len)
		seq_printf(m, "%*phN", dso->build_id_len, dso->build_id);
	else
		seq_putc(m, '-');
	seq_puts(m, place->gone ? " (unmapped) " : " ");
	if (!path)
		name = mlu_mapping_name(mapping, &len);
	mlu_seq_path(m, name, len);
	seq_putc(m, '\n');
}

static void show_head(struct seq_file *m, const struct section *section)
{
	mlu_seq_target(m, section->target);
	seq_printf(m, " %s %llu ms: %llu bytes in %llu allocations from %u stack%s, lost %llu\n",
		   mlu_state_name(section->state), age_ms(section, section->target->attached_ns),
		   section->bytes, section->nr, section->nr_rows, section->nr_rows == 1 ? "" : "s",
		   section->lost);
}

/* === The file: position 0 is the first line, then each section's lines, stacks and mappings === */

static u64 nr_items(const struct section *section)
{
	return 1ULL + section->nr_rows + section->nr_places;
}

static void *report_start(struct seq_file *m, loff_t *pos)
{
	const struct report *report = m->private;
	u64 nr = 1;
	unsigned int i;

	for (i = 0; i < report->selection->nr; i++)
		nr += nr_items(&report->sections[i]);
	return *pos < nr ? pos : NULL;
}

static void *report_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return report_start(m, pos);
}

static void report_stop(struct seq_file *m, void *v)
{
}

static void show_item(struct seq_file *m, const struct section *section, u64 item)
{
	if (!item)
		show_head(m, section);
	else if (item <= section->nr_rows)
		show_row(m, section, &section->rows[item - 1]);
	else
		show_place(m, &section->places[item - 1 - section->nr_rows]);
}

static int report_show(struct seq_file *m, void *v)
{
	const struct report *report = m->private;
	const struct section *section = report->sections;
	u64 item = *(loff_t *)v;

	if (!item) {
		seq_puts(m, "memleak_user report 1\n");
		return 0;
	}
	for (item--; item >= nr_items(section); section++)
		item -= nr_items(section);
	show_item(m, section, item);
	return 0;
}

static const struct seq_operations report_ops = {
	.start = report_start,
	.next = report_next,
	.stop = report_stop,
	.show = report_show,
};

static int report_open(struct inode *inode, struct file *file)
{
	struct report *report;
	int err = mlu_may_open(file);

	if (err)
		return err;
	report = report_new((unsigned long)inode->i_private);
	if (IS_ERR(report))
		return PTR_ERR(report);
	err = seq_open(file, &report_ops);
	if (err)
		report_free(report);
	else
		((struct seq_file *)file->private_data)->private = report;
	return err;
}

static int report_release(struct inode *inode, struct file *file)
{
	report_free(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

const struct file_operations mlu_report_fops = {
	.owner = THIS_MODULE,
	.open = report_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = report_release,
};
