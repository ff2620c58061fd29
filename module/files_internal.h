/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the files_*.c files and snapshot.c: selections, common output, file operations. The
 * latter are used by debugfs.c and by procfs.c.
 */
#ifndef MLU_FILES_INTERNAL_H
#define MLU_FILES_INTERNAL_H

#include <linux/fs.h>
#include <linux/seq_file.h>

#include "target.h"

/* files_select.c */

/**
 * struct mlu_selection - the targets that an open file shows, oldest first
 * @nr: the number of targets
 * @item: each target, and its epoch that was current at the open, with references
 */
struct mlu_selection {
	unsigned int nr;
	struct mlu_selected {
		struct mlu_target *target;
		struct mlu_epoch *epoch;
	} item[];
};

int mlu_may_open(struct file *file);
struct mlu_selection *mlu_selection_new(u32 id);
void mlu_selection_free(struct mlu_selection *selection);

void mlu_seq_stop(struct seq_file *m, void *v);
void mlu_seq_target(struct seq_file *m, const struct mlu_target *target);
void mlu_seq_enlarge(struct seq_file *m);

/* files_report.c, files_allocations.c and files_stats.c; i_private is the target's id or 0 */
extern const struct file_operations mlu_report_fops;
extern const struct file_operations mlu_allocations_fops;
extern const struct file_operations mlu_blocks_fops;
extern const struct file_operations mlu_stats_fops;

/* files_control.c */
extern const struct file_operations mlu_control_fops;
void mlu_control_exit(void);

#endif /* MLU_FILES_INTERNAL_H */
