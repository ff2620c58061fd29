// SPDX-License-Identifier: GPL-2.0-only
/*
 * "stats": the counters of events, and the memory that the module uses.
 *
 * Context: Called from readers in process context; may sleep. No lock of its own.
 */
#include <linux/module.h>
#include <linux/seq_file.h>

#include "dso.h"
#include "files_internal.h"
#include "mem.h"
#include "probe_handlers.h"
#include "probes.h"

static const char *const mem_names[MLU_NR_MEM] = {
	[MLU_MEM_RECORDS] = "records",	 [MLU_MEM_STACKS] = "stacks",
	[MLU_MEM_INFLIGHT] = "inflight", [MLU_MEM_TABLES] = "tables",
	[MLU_MEM_MAPPINGS] = "mappings", [MLU_MEM_UNWIND] = "unwind",
};

static int stats_show(struct seq_file *m, void *unused)
{
	u32 id = (unsigned long)m->private;
	struct mlu_selection *selection = mlu_selection_new(id);
	struct mlu_counters sum = {};
	unsigned int i, tracing = 0;

	if (!selection)
		return -ENOMEM;
	for (i = 0; i < selection->nr; i++)
		mlu_counters_add(&sum, selection->item[i].epoch->counters);
	for (i = 0; i < MLU_NR_COUNTERS; i++)
		seq_printf(m, "%s %llu\n", mlu_counter_names[i], sum.n[i]);
	if (id)
		goto out;
	mutex_lock(&mlu_targets_lock);
	for (i = 0; i < selection->nr; i++)
		tracing += selection->item[i].target->state == MLU_TRACING;
	mutex_unlock(&mlu_targets_lock);
	seq_printf(m, "foreign %llu\n", mlu_foreign_hits());
	seq_printf(m, "targets %u\ntracing %u\nprobes %u\n", selection->nr, tracing,
		   mlu_nr_probes());
	for (i = 0; i < MLU_NR_MEM; i++)
		seq_printf(m, "bytes_%s %ld\n", mem_names[i], mlu_mem_used(i));
	mlu_dso_show_bytes(m);
	seq_printf(m, "bytes_used %ld\nbytes_limit %ld\n", mlu_mem_total(), mlu_mem_limit());
out:
	mlu_selection_free(selection);
	return 0;
}

static int stats_open(struct inode *inode, struct file *file)
{
	int err = mlu_may_open(file);

	return err ? err : single_open(file, stats_show, inode->i_private);
}

const struct file_operations mlu_stats_fops = {
	.owner = THIS_MODULE,
	.open = stats_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};
