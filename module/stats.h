/* SPDX-License-Identifier: GPL-2.0-only */
/* The debugfs file "stats", of all targets and of each. */
#ifndef MLU_STATS_H
#define MLU_STATS_H

#include <linux/fs.h>

/* Its inode's i_private is the id of the target, 0 for all. */
extern const struct file_operations mlu_stats_fops;

#endif /* MLU_STATS_H */
