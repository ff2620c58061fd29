// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the debugfs files have in common: who may open them, which targets they show, how they
 * write a target and an address.
 *
 * Entered from readers, may sleep.  A selection holds a reference on each of its targets and on
 * what is recorded of it: it shows them even when they are cleared or forgotten meanwhile.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "debugfs_internal.h"
#include "text.h"

/** mlu_may_open() - a target's addresses and paths are for root of the host only */
int mlu_may_open(struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static void add_to(struct mlu_selection *selection, struct mlu_target *target)
{
	struct mlu_selected *item = &selection->item[selection->nr++];

	item->target = mlu_target_get(target);
	item->epoch = mlu_target_epoch_get(target);
}

static void drop_item(struct mlu_selected *item)
{
	mlu_epoch_put(item->epoch);
	mlu_target_put(item->target);
}

static unsigned int count_targets(void)
{
	struct mlu_target *target;
	unsigned int nr = 0;

	list_for_each_entry(target, &mlu_targets, node)
		nr++;
	return nr;
}

/**
 * mlu_selection_new() - the listed targets, oldest first
 * @id: of the only one, 0: all
 *
 * Return: NULL without memory.
 */
struct mlu_selection *mlu_selection_new(u32 id)
{
	struct mlu_selection *selection;
	struct mlu_target *target;

	mutex_lock(&mlu_targets_lock);
	selection = kvzalloc(struct_size(selection, item, count_targets()), GFP_KERNEL);
	if (selection) {
		list_for_each_entry(target, &mlu_targets, node)
			if (!id || target->id == id)
				add_to(selection, target);
	}
	mutex_unlock(&mlu_targets_lock);
	return selection;
}

void mlu_selection_free(struct mlu_selection *selection)
{
	unsigned int i;

	for (i = 0; selection && i < selection->nr; i++)
		drop_item(&selection->item[i]);
	kvfree(selection);
}

/** mlu_seq_target() - "target ID pid PID COMM" */
void mlu_seq_target(struct seq_file *m, const struct mlu_target *target)
{
	seq_printf(m, "target %u pid %d ", target->id,
		   pid_nr_ns(target->pid, task_active_pid_ns(current)));
	mlu_seq_name(m, target->comm, strnlen(target->comm, sizeof(target->comm)));
}

/** mlu_seq_code() - "OBJECT+0xADDRESS"; @dso as for mlu_mapping_address() */
void mlu_seq_code(struct seq_file *m, const struct mlu_mapping *mapping, const struct mlu_dso *dso,
		  unsigned long pc)
{
	const char *name;
	size_t len;

	if (!mapping) {
		seq_printf(m, "[unknown]+0x%lx", pc);
		return;
	}
	name = mlu_mapping_name(mapping, &len);
	mlu_seq_name(m, name, len);
	seq_printf(m, "+0x%llx", mlu_mapping_address(mapping, dso, pc));
}
