/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files in debugfs share, and their operations. */
#ifndef MLU_DEBUGFS_INTERNAL_H
#define MLU_DEBUGFS_INTERNAL_H

#include <linux/fs.h>
#include <linux/seq_file.h>

#include "target.h"

int mlu_may_open(struct file *file);

/* A reader's choice of targets: all that are listed when the file is opened, or one of them. */
struct mlu_selection {
	unsigned int nr;
	struct mlu_selected {
		struct mlu_target *target;
		struct mlu_epoch *epoch; /* current at the open */
	} item[];
};

struct mlu_selection *mlu_selection_new(u32 id);
void mlu_selection_free(struct mlu_selection *selection);

void mlu_seq_target(struct seq_file *m, const struct mlu_target *target);
void mlu_seq_code(struct seq_file *m, const struct mlu_mapping *mapping, const struct mlu_dso *dso,
		  unsigned long pc);

extern const struct file_operations mlu_report_fops;
extern const struct file_operations mlu_allocations_fops;
extern const struct file_operations mlu_stats_fops;

void mlu_control_init(struct dentry *dir);
void mlu_control_exit(void);

#endif /* MLU_DEBUGFS_INTERNAL_H */
