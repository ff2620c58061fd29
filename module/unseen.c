// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of a target cannot be seen: lines "unseen WHAT OBJECT: SENTENCE" in control and report.
 *
 * A report without a leak means something else where allocations are not traced.  What is known of
 * that is derived from the target's mappings each time, so that it includes what was mapped after
 * the attach and has been met by a walk.
 *
 * Entered from readers, which hold a reference on the target.
 * Locks: maps->lock, under which nothing sleeps.
 */
#include <linux/string.h>

#include "dso.h"
#include "target.h"
#include "text.h"
#include "unseen.h"

static const char *const words[MLU_NR_UNSEEN] = {
	[MLU_UNSEEN_NEW] = "operator_new",
	[MLU_UNSEEN_GO] = "go",
	[MLU_UNSEEN_ALLOCATOR] = "allocator",
	[MLU_UNSEEN_UNREADABLE] = "unreadable",
	[MLU_UNSEEN_JIT] = "jit",
};

static bool is_same(const struct mlu_unseen_line *line, enum mlu_unseen_what what,
		    const struct mlu_mapping *mapping)
{
	if (line->what != what)
		return false;
	/* One line for all code in no file. */
	return mapping->type == MLU_MAPPING_FILE ?
		       mlu_mapping_dso(line->mapping) == mlu_mapping_dso(mapping) :
		       line->mapping->type != MLU_MAPPING_FILE;
}

static void add_line(struct mlu_unseen *unseen, enum mlu_unseen_what what,
		     const struct mlu_mapping *mapping)
{
	unsigned int i;

	for (i = 0; i < unseen->nr; i++)
		if (is_same(&unseen->line[i], what, mapping))
			return;
	if (unseen->nr == MLU_UNSEEN_MAX) {
		unseen->cut = true;
		return;
	}
	unseen->line[unseen->nr].what = what;
	unseen->line[unseen->nr].mapping = mapping;
	unseen->nr++;
}

/* A file that is still being read has no line yet. */
static void look_at_file(struct mlu_unseen *unseen, const struct mlu_mapping *mapping)
{
	const struct mlu_dso *dso = mlu_mapping_read_dso(mapping);

	if (!dso)
		return;
	if (dso->err) {
		add_line(unseen, MLU_UNSEEN_UNREADABLE, mapping);
		return;
	}
	if (!dso->nr_loads)
		add_line(unseen, MLU_UNSEEN_JIT, mapping);
	if (dso->has_go)
		add_line(unseen, MLU_UNSEEN_GO, mapping);
	if (dso->allocator.nr && !mapping->allocator)
		add_line(unseen, MLU_UNSEEN_ALLOCATOR, mapping);
	if (dso->allocator.own_new && mapping->allocator)
		add_line(unseen, MLU_UNSEEN_NEW, mapping);
}

/**
 * mlu_unseen_collect() - find out what of a target cannot be seen
 * @unseen: to be filled in, each object once for each reason
 * @target: with a reference
 *
 * Context: any but the mmu notifier; does not sleep.
 */
void mlu_unseen_collect(struct mlu_unseen *unseen, struct mlu_target *target)
{
	const struct mlu_mapping *mapping;

	unseen->nr = 0;
	unseen->cut = false;
	spin_lock(&target->maps.lock);
	list_for_each_entry(mapping, &target->maps.all, node) {
		if (mapping->gone)
			continue;
		if (mapping->type == MLU_MAPPING_FILE)
			look_at_file(unseen, mapping);
		else if (mapping->type == MLU_MAPPING_ANON && !mapping->special)
			add_line(unseen, MLU_UNSEEN_JIT, mapping);
	}
	spin_unlock(&target->maps.lock);
}

static bool is_excluded(const struct mlu_target *target, const char *name, size_t len)
{
	const char *object = target->options.object;

	return *object && (strlen(object) != len || memcmp(object, name, len));
}

static void show_line(struct seq_file *m, const struct mlu_unseen_line *line,
		      const struct mlu_target *target)
{
	size_t len;
	const char *name = mlu_mapping_name(line->mapping, &len);

	seq_printf(m, "unseen %s ", words[line->what]);
	mlu_seq_name(m, name, len);
	switch (line->what) {
	case MLU_UNSEEN_NEW:
		seq_puts(m, ": its operator new is not traced, blocks of C++ code are missing\n");
		break;
	case MLU_UNSEEN_GO:
		seq_puts(m, ": it has a Go runtime, which allocates without malloc\n");
		break;
	case MLU_UNSEEN_ALLOCATOR:
		seq_printf(m, ": its malloc and free are not traced, %s\n",
			   is_excluded(target, name, len) ? "object= names another object" :
							    "it was mapped after the attach");
		break;
	case MLU_UNSEEN_UNREADABLE:
		seq_printf(m, ": its file cannot be read (%s), it may define an allocator\n",
			   mlu_errno_name(mlu_mapping_dso(line->mapping)->err));
		break;
	default:
		seq_puts(m,
			 ": code made at run time, its frames have no names and need frame pointers\n");
	}
}

/**
 * mlu_unseen_show() - write the lines
 * @m: the file
 * @unseen: as mlu_unseen_collect() has filled it in
 * @target: the same
 *
 * Context: may sleep.
 */
void mlu_unseen_show(struct seq_file *m, const struct mlu_unseen *unseen,
		     const struct mlu_target *target)
{
	unsigned int i;

	for (i = 0; i < unseen->nr; i++)
		show_line(m, &unseen->line[i], target);
	if (unseen->cut)
		seq_printf(m, "unseen more -: only the first %u objects are listed\n",
			   MLU_UNSEEN_MAX);
}
