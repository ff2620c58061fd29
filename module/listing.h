/* SPDX-License-Identifier: GPL-2.0-only */
/* The debugfs file "allocations", of all targets and of each. */
#ifndef MLU_LISTING_H
#define MLU_LISTING_H

#include <linux/fs.h>

/* Its inode's i_private is the id of the target, 0 for all. */
extern const struct file_operations mlu_listing_fops;

#endif /* MLU_LISTING_H */
