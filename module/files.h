/* SPDX-License-Identifier: GPL-2.0-only */
/* What the debugfs files have in common. */
#ifndef MLU_FILES_H
#define MLU_FILES_H

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

#endif /* MLU_FILES_H */
