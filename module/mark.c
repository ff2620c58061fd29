// SPDX-License-Identifier: GPL-2.0-only
/*
 * Set a target's mark: store what a report would show now, stack by stack.
 *
 * Context: Called by the writer of a command, in process context; may sleep. Takes and releases
 * mlu_targets_lock.
 * Ownership: The epoch has a reference on its mark, and so has each snapshot that shows it.
 */
#include "mark.h"
#include "snapshot.h"

static struct mlu_mark *mark_of_section(const struct mlu_section *section)
{
	struct mlu_mark *mark;
	u32 nr_ids = 0;
	unsigned int i;

	for (i = 0; i < section->nr_rows; i++)
		nr_ids = max(nr_ids, section->rows[i].stack->id);
	mark = mlu_mark_new(nr_ids);
	if (!mark)
		return NULL;
	mark->time_ns = section->now_ns;
	mark->bytes = section->bytes;
	mark->nr = section->nr;
	mark->nr_stacks = section->nr_rows;
	for (i = 0; i < section->nr_rows; i++) {
		struct mlu_marked *marked = &mark->stack[section->rows[i].stack->id - 1];

		marked->bytes = section->rows[i].bytes;
		marked->nr = section->rows[i].nr;
	}
	return mark;
}

/**
 * mlu_mark_target() - mark what is outstanding now
 * @id: the target's id; no effect if there is no such target
 *
 * Context: Process context. May sleep, killably, as mlu_snapshot_new().
 * Return: 0, -ENOMEM, or -EINTR if the caller is being killed.
 */
int mlu_mark_target(u32 id)
{
	struct mlu_snapshot *snapshot = mlu_snapshot_new(id);
	struct mlu_section *section;
	struct mlu_mark *mark;
	int err = 0;

	if (IS_ERR(snapshot))
		return PTR_ERR(snapshot);
	section = snapshot->sections;
	if (!snapshot->selection->nr)
		goto out;
	mark = mark_of_section(section);
	if (!mark) {
		err = -ENOMEM;
		goto out;
	}
	mutex_lock(&mlu_targets_lock);
	swap(mark, section->epoch->mark);
	mutex_unlock(&mlu_targets_lock);
	mlu_mark_put(mark);
out:
	mlu_snapshot_free(snapshot);
	return err;
}
