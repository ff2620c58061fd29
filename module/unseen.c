// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines "unseen WHAT OBJECT: SENTENCE" of control and report: the parts of a target that are
 * not traced or have no names.
 *
 * A report that shows no leak means less if some allocations are not traced. The lines are derived
 * from the target's mappings each time, so they include what was mapped after the attach, once the
 * worker or a walk has met it.
 *
 * Context: Called from readers, which hold a reference on the target.
 * Locks: maps->lock, under which nothing sleeps.
 */
#include <linux/math64.h>

#include "dso.h"
#include "lib/exits.h"
#include "sites.h"
#include "target.h"
#include "text.h"
#include "unseen.h"

static void unseen_add(struct mlu_unseen *unseen, enum mlu_unseen_kind kind,
		       const struct mlu_mapping *mapping, const struct mlu_untraced *function)
{
	const struct mlu_mapping *other;
	unsigned int i;

	for (i = 0; i < unseen->nr; i++) {
		if (unseen->line[i].kind != kind || kind == MLU_UNSEEN_FUNCTION)
			continue;
		other = unseen->line[i].mapping;
		/* One line for each object, and one for all code in no file. */
		if (mapping->type != MLU_MAPPING_FILE && other->type != MLU_MAPPING_FILE)
			return;
		if (mapping->type == MLU_MAPPING_FILE &&
		    mlu_mapping_dso(other) == mlu_mapping_dso(mapping))
			return;
	}
	if (unseen->nr == MLU_UNSEEN_MAX) {
		unseen->cut = true;
		return;
	}
	unseen->line[unseen->nr].kind = kind;
	unseen->line[unseen->nr].mapping = mapping;
	unseen->line[unseen->nr].function = function;
	unseen->nr++;
}

/**
 * mlu_unseen_collect() - collect the unseen lines of a target
 * @unseen: set to the lines, one for each object and kind
 * @target: the target
 *
 * Context: Any but the mmu notifier. Does not sleep. Takes and releases maps->lock.
 */
void mlu_unseen_collect(struct mlu_unseen *unseen, struct mlu_target *target)
{
	const struct mlu_untraced *untraced;
	const struct mlu_mapping *mapping;
	const struct mlu_dso *dso;

	unseen->nr = 0;
	unseen->cut = false;
	spin_lock(&target->maps.lock);
	list_for_each_entry(mapping, &target->maps.all, node) {
		if (mapping->gone)
			continue;
		if (mapping->type == MLU_MAPPING_ANON && !mapping->special)
			unseen_add(unseen, MLU_UNSEEN_JIT, mapping, NULL);
		if (mapping->type != MLU_MAPPING_FILE)
			continue;
		/* A file that is still being read has no line yet. */
		dso = mlu_mapping_read_dso(mapping);
		if (!dso)
			continue;
		if (dso->err) {
			unseen_add(unseen, MLU_UNSEEN_UNREADABLE, mapping, NULL);
			continue;
		}
		/* Code in a file that is no ELF image. */
		if (!dso->nr_loads)
			unseen_add(unseen, MLU_UNSEEN_JIT, mapping, NULL);
		if (dso->has_go)
			unseen_add(unseen, MLU_UNSEEN_GO, mapping, NULL);
		if (mlu_mapping_defines_allocator(mapping, dso) &&
		    (!mapping->allocator || !list_empty(&mapping->pending_node)))
			unseen_add(unseen, MLU_UNSEEN_ALLOCATOR, mapping, NULL);
		else if (mapping->late)
			unseen_add(unseen, MLU_UNSEEN_LATE, mapping, NULL);
	}
	list_for_each_entry(untraced, &target->untraced, node)
		unseen_add(unseen, MLU_UNSEEN_FUNCTION, untraced->mapping, untraced);
	spin_unlock(&target->maps.lock);
}

static const struct {
	const char *word;
	const char *sentence; /* or its beginning */
} kinds[MLU_NR_UNSEEN] = {
	[MLU_UNSEEN_FUNCTION] = { "function", "" },
	[MLU_UNSEEN_GO] = { "go", "it has a Go runtime, which allocates without malloc" },
	[MLU_UNSEEN_ALLOCATOR] = { "allocator", "its malloc and free are not traced, since " },
	[MLU_UNSEEN_LATE] = { "late", "its malloc and free are traced since " },
	[MLU_UNSEEN_UNREADABLE] = { "unreadable", "its file cannot be read " },
	[MLU_UNSEEN_JIT] = {
		"jit",
		"code made at run time: walks through it need its frame pointers",
	},
};

static void show_allocator(struct seq_file *m, const struct mlu_mapping *mapping,
			   const struct mlu_target *target)
{
	int err = READ_ONCE(mapping->late_err);

	if (!mlu_sites_is_wanted(target, mapping))
		seq_puts(m, "object= names another object");
	else if (err == -ENOSPC)
		seq_printf(m, "more than %d functions and exits would be probed", MLU_MAX_SITES);
	else if (err)
		seq_printf(m, "probes could not be inserted (%s)", mlu_errno_name(err));
	else
		seq_puts(m, "it was mapped after the attach");
}

static void show_late(struct seq_file *m, const struct mlu_mapping *mapping)
{
	seq_printf(m, "%llu ms after the attach, ",
		   div_u64(READ_ONCE(mapping->late_since_ns), NSEC_PER_MSEC));
	seq_printf(m, "at most %llu ms after it was mapped; ",
		   div_u64(READ_ONCE(mapping->late_after_ns), NSEC_PER_MSEC) + 1);
	seq_puts(m, "what it allocated before is not in the report");
}

/**
 * mlu_unseen_show() - write the unseen lines of a target
 * @m: the file
 * @unseen: the lines, from mlu_unseen_collect()
 * @target: the target
 *
 * Context: Process context. May sleep.
 */
void mlu_unseen_show(struct seq_file *m, const struct mlu_unseen *unseen,
		     const struct mlu_target *target)
{
	const struct mlu_unseen_line *line;
	const char *name;
	size_t len;

	for (line = unseen->line; line < unseen->line + unseen->nr; line++) {
		name = mlu_mapping_name(line->mapping, &len);
		seq_printf(m, "unseen %s ", kinds[line->kind].word);
		mlu_seq_name(m, name, len);
		seq_printf(m, ": %s", kinds[line->kind].sentence);
		if (line->function)
			seq_printf(m, "%s is not traced, since %s", line->function->proto->name,
				   line->function->refusal->sentence);
		if (line->kind == MLU_UNSEEN_ALLOCATOR)
			show_allocator(m, line->mapping, target);
		else if (line->kind == MLU_UNSEEN_LATE)
			show_late(m, line->mapping);
		else if (line->kind == MLU_UNSEEN_UNREADABLE)
			seq_printf(m, "(%s), so it may define an allocator",
				   mlu_errno_name(mlu_mapping_dso(line->mapping)->err));
		seq_putc(m, '\n');
	}
	if (unseen->cut)
		seq_printf(m, "unseen more -: only the first %u objects are listed\n",
			   MLU_UNSEEN_MAX);
}
