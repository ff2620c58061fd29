// SPDX-License-Identifier: GPL-2.0-only
/*
 * "report": outstanding allocations grouped by stack.
 *
 * Collecting and printing are separate: open() takes a snapshot, show() only formats it.
 *
 * Context: Called from readers in process context; may sleep. No lock of its own.
 */
#include <linux/math64.h>
#include <linux/module.h>

#include "dso.h"
#include "group.h"
#include "snapshot.h"
#include "text.h"

static const char *const end_notes[MLU_NR_WALK_ENDS] = {
	[MLU_WALK_END] = "end",
	[MLU_WALK_DEPTH] = "depth",
	[MLU_WALK_FAULT] = "fault",
	[MLU_WALK_FRAME_POINTER] = "bad frame pointer",
	[MLU_WALK_PC] = "bad pc",
	[MLU_WALK_RULE] = "bad rule",
	[MLU_WALK_REGISTER] = "unknown register",
	[MLU_WALK_STUCK] = "no progress",
	[MLU_WALK_UNREAD] = "unread",
	[MLU_WALK_COPY] = "copy ended",
	[MLU_WALK_START] = "start",
};

static const char unknown[] = "[unknown]";

static const char *const kind_words[MLU_NR_KINDS] = {
	[MLU_KIND_HEAP] = "",	  [MLU_KIND_MMAP] = "mmap, ", [MLU_KIND_STACK] = "stack, ",
	[MLU_KIND_SHM] = "shm, ", [MLU_KIND_BRK] = "brk, ",
};

/* === Printing === */

static u64 section_age_ms(const struct mlu_section *section, u64 made_ns)
{
	return section->now_ns > made_ns ? div_u64(section->now_ns - made_ns, NSEC_PER_MSEC) : 0;
}

/* How many allocations estimates are made of, and their standard errors. */
static void report_show_estimate(struct seq_file *m, u64 nr_recorded,
				 const struct mlu_estimate *estimate)
{
	seq_printf(m, "%llu allocations, error %llu bytes in %llu allocations\n", nr_recorded,
		   mlu_estimate_bytes_error(estimate), mlu_estimate_number_error(estimate));
}

static void report_show_marked(struct seq_file *m, const struct mlu_mark *mark,
			       const struct mlu_stack *stack)
{
	static const struct mlu_marked nothing;
	const struct mlu_marked *marked = &nothing;

	if (!mark)
		return;
	if (stack->id <= mark->nr_ids)
		marked = &mark->stack[stack->id - 1];
	seq_printf(m, "marked %llu bytes in %llu allocations\n", marked->bytes, marked->nr);
}

static void report_show_row(struct seq_file *m, const struct mlu_section *section,
			    const struct mlu_row *row)
{
	const struct mlu_stack *stack = row->stack;
	const struct mlu_mapping_shown *shown;
	unsigned int i;

	seq_printf(m,
		   "%llu bytes in %llu allocations from stack %u (%sage %llu..%llu ms, %llu made, %llu freed)\n",
		   row->bytes, row->nr, stack->id, kind_words[stack->kind],
		   section_age_ms(section, row->youngest_ns),
		   section_age_ms(section, row->oldest_ns), row->made, row->made - row->nr_present);
	if (mlu_sampler_is_used(&section->target->sampler)) {
		seq_puts(m, "sampled ");
		report_show_estimate(m, row->nr_recorded, &row->estimate);
	}
	report_show_marked(m, section->mark, stack);
	for (i = 0; i < stack->nr; i++) {
		const struct mlu_frame *frame = &stack->frames[i];
		unsigned long pc = mlu_frame_pc(frame);
		bool interrupted = mlu_frame_is_interrupted(frame);

		shown = frame->mapping ? mlu_section_mapping(section, frame->mapping) : NULL;
		seq_putc(m, '\t');
		mlu_seq_hex(m, pc, 16);
		seq_putc(m, ' ');
		if (shown)
			mlu_seq_code(m, shown->name, shown->name_len,
				     mlu_mapping_address(shown->mapping, shown->dso, pc));
		else
			mlu_seq_code(m, unknown, strlen(unknown), pc);
		if (interrupted)
			seq_puts(m, " (signal)");
		/*
		 * The address of a call is that of its last byte: the return address may be the
		 * first one behind the mapping.
		 */
		if (shown && (shown->gone || mlu_holes_contain(&shown->holes, pc - !interrupted)))
			seq_puts(m, " (unmapped)");
		if (shown && shown->shared)
			seq_printf(m, " (mapping %u)", frame->mapping->id);
		if (i == stack->nr - 1)
			seq_printf(m, " (%s)", end_notes[stack->end]);
		seq_putc(m, '\n');
	}
}

static void report_show_mapping(struct seq_file *m, const struct mlu_mapping_shown *shown)
{
	const struct mlu_mapping *mapping = shown->mapping;
	const struct mlu_dso *dso = shown->dso;
	const char *path = mlu_mapping_path(mapping);
	const char *name = path;
	size_t len = path ? strlen(path) : 0;

	seq_printf(m, "mapping %u 0x%lx-0x%lx 0x%llx ", mapping->id, mapping->start, mapping->end,
		   mapping->offset);
	/* Not the build-id of a file that was written between the mmap() and the reading. */
	if (dso && dso->build_id_len && mlu_file_id_is_same(&dso->id, &mapping->file_id))
		seq_printf(m, "%*phN", dso->build_id_len, dso->build_id);
	else
		seq_putc(m, '-');
	seq_puts(m, shown->gone ? " (unmapped) " : " ");
	if (!path)
		name = mlu_mapping_name(mapping, &len);
	mlu_seq_path(m, name, len);
	seq_putc(m, '\n');
}

/* The sizes of mappings are address space: a program may have written to a part of it only. */
static void report_show_mapped(struct seq_file *m, const struct mlu_section *section)
{
	u64 bytes = 0, nr = 0;
	unsigned int i;

	for (i = 0; i < section->nr_rows; i++) {
		if (section->rows[i].stack->kind == MLU_KIND_HEAP)
			continue;
		bytes += section->rows[i].bytes;
		nr += section->rows[i].nr;
	}
	if (nr)
		seq_printf(m, "mapped %llu bytes of address space in %llu allocations\n", bytes,
			   nr);
}

static void report_show_head(struct seq_file *m, const struct mlu_section *section)
{
	const struct mlu_sampler *sampler = &section->target->sampler;
	const u64 *events = section->counters.n;
	unsigned int i;

	mlu_seq_target(m, section->target);
	seq_printf(m, " %s %llu ms: %llu bytes in %llu allocations from %u stack%s, lost %llu\n",
		   mlu_state_name(section->state),
		   section_age_ms(section, section->target->attached_ns), section->bytes,
		   section->nr, section->nr_rows, section->nr_rows == 1 ? "" : "s",
		   mlu_counters_lost(&section->counters));
	/* Counters that are 0 are left out, but allocated and freed are always written. */
	seq_puts(m, "events");
	for (i = 0; i < MLU_NR_EVENT_COUNTERS; i++)
		if (events[i] || i == MLU_COUNT_allocated || i == MLU_COUNT_freed)
			seq_printf(m, " %s=%llu", mlu_counter_names[i], events[i]);
	seq_putc(m, '\n');
	if (section->target->group)
		seq_printf(m, "group %u\n", section->target->group->id);
	if (mlu_sampler_is_used(sampler)) {
		seq_printf(m, "sampling %s=%u: ", sampler->bytes ? "sample" : "every",
			   sampler->bytes ? sampler->bytes : sampler->every);
		report_show_estimate(m, section->nr_recorded, &section->estimate);
	}
	if (section->mark)
		seq_printf(m, "mark %llu ms: %llu bytes in %llu allocations from %u stack%s\n",
			   section_age_ms(section, section->mark->time_ns), section->mark->bytes,
			   section->mark->nr, section->mark->nr_stacks,
			   section->mark->nr_stacks == 1 ? "" : "s");
	if (section->frozen_ns)
		seq_printf(m, "frozen %llu ms\n", section_age_ms(section, section->frozen_ns));
	report_show_mapped(m, section);
	mlu_unseen_show(m, &section->unseen, section->target);
}

/* === The file: position 0 is the first line; each section has its head, stacks, mappings === */

static u64 section_nr_items(const struct mlu_section *section)
{
	return 1ULL + section->nr_rows + section->nr_mappings;
}

static void *report_start(struct seq_file *m, loff_t *pos)
{
	const struct mlu_snapshot *snapshot = m->private;
	u64 nr = 1;
	unsigned int i;

	for (i = 0; i < snapshot->selection->nr; i++)
		nr += section_nr_items(&snapshot->sections[i]);
	return *pos < nr ? pos : NULL;
}

static void *report_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return report_start(m, pos);
}

static int report_show(struct seq_file *m, void *v)
{
	const struct mlu_snapshot *snapshot = m->private;
	const struct mlu_section *section = snapshot->sections;
	u64 item = *(loff_t *)v;

	if (!item) {
		seq_puts(m, "memleak_user report 1\n");
		return 0;
	}
	for (item--; item >= section_nr_items(section); section++)
		item -= section_nr_items(section);
	if (!item)
		report_show_head(m, section);
	else if (item <= section->nr_rows)
		report_show_row(m, section, &section->rows[item - 1]);
	else
		report_show_mapping(m, &section->mappings[item - 1 - section->nr_rows]);
	return 0;
}

static const struct seq_operations report_ops = {
	.start = report_start,
	.next = report_next,
	.stop = mlu_seq_stop,
	.show = report_show,
};

static int report_open(struct inode *inode, struct file *file)
{
	struct mlu_snapshot *snapshot;
	struct seq_file *m;
	int err = mlu_may_open(file);

	if (err)
		return err;
	snapshot = mlu_snapshot_new((unsigned long)inode->i_private);
	if (IS_ERR(snapshot))
		return PTR_ERR(snapshot);
	err = seq_open(file, &report_ops);
	if (err)
		goto err_snapshot;
	m = file->private_data;
	m->private = snapshot;
	mlu_seq_enlarge(m);
	return 0;

err_snapshot:
	mlu_snapshot_free(snapshot);
	return err;
}

static int report_release(struct inode *inode, struct file *file)
{
	mlu_snapshot_free(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

const struct file_operations mlu_report_fops = {
	.owner = THIS_MODULE,
	.open = report_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = report_release,
};
