// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared by the files of the module: the check at open, the targets they show, and how they write
 * a target and an address.
 *
 * A selection holds a reference on each of its targets and on what is recorded of it, so it shows
 * them even if they are cleared or forgotten meanwhile.
 *
 * Context: Called from readers in process context; may sleep.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "files_internal.h"
#include "text.h"

#define SEQ_BUFFER (64UL << 10)

/**
 * mlu_may_open() - check that the opener of a file is root of the host
 * @file: the file
 *
 * The files show addresses and paths of processes.
 *
 * Return: 0 or -EPERM.
 */
int mlu_may_open(struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/**
 * mlu_selection_new() - select the listed targets, oldest first
 * @id: of one target, or 0 for all
 *
 * Context: Process context. May sleep. Takes and releases mlu_targets_lock.
 * Return: the selection, which may be empty, or NULL without memory.
 */
struct mlu_selection *mlu_selection_new(u32 id)
{
	struct mlu_selection *selection;
	struct mlu_target *target;
	unsigned int nr = 0;

	mutex_lock(&mlu_targets_lock);
	list_for_each_entry(target, &mlu_targets, node)
		nr++;
	selection = kvzalloc(struct_size(selection, item, nr), GFP_KERNEL);
	if (!selection)
		goto out;
	list_for_each_entry(target, &mlu_targets, node) {
		struct mlu_selected *item = &selection->item[selection->nr];

		if (id && target->id != id)
			continue;
		item->target = mlu_target_get(target);
		item->epoch = mlu_target_epoch_get(target);
		selection->nr++;
	}
out:
	mutex_unlock(&mlu_targets_lock);
	return selection;
}

/**
 * mlu_selection_free() - free a selection and drop its references
 * @selection: the selection; may be NULL
 *
 * Context: Process context. May sleep.
 */
void mlu_selection_free(struct mlu_selection *selection)
{
	unsigned int i;

	for (i = 0; selection && i < selection->nr; i++) {
		mlu_epoch_put(selection->item[i].epoch);
		mlu_target_put(selection->item[i].target);
	}
	kvfree(selection);
}

/**
 * mlu_seq_stop() - end a read of a file whose position holds no lock
 * @m: the file
 * @v: the item at the position
 */
void mlu_seq_stop(struct seq_file *m, void *v)
{
}

/**
 * mlu_seq_target() - write "target ID pid PID COMM"
 * @m: the file
 * @target: the target
 *
 * The PID is the one in the reader's namespace.
 */
void mlu_seq_target(struct seq_file *m, const struct mlu_target *target)
{
	seq_printf(m, "target %u pid %d ", target->id,
		   pid_nr_ns(target->pid, task_active_pid_ns(current)));
	mlu_seq_name(m, target->comm, strnlen(target->comm, sizeof(target->comm)));
}

/**
 * mlu_seq_enlarge() - give a file that was just opened a large buffer
 * @m: the file
 *
 * With that of a page, each read() returns a page at most, and what did not fit is formatted again.
 * Without memory it keeps that one.
 */
void mlu_seq_enlarge(struct seq_file *m)
{
	m->buf = kvmalloc(SEQ_BUFFER, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	m->size = m->buf ? SEQ_BUFFER : 0;
}
