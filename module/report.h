/* SPDX-License-Identifier: GPL-2.0-only */
/* The debugfs file "report", of all targets and of each. */
#ifndef MLU_REPORT_H
#define MLU_REPORT_H

#include <linux/fs.h>

/* Its inode's i_private is the id of the target, 0 for all. */
extern const struct file_operations mlu_report_fops;

#endif /* MLU_REPORT_H */
