/* SPDX-License-Identifier: GPL-2.0-only */
/* The directory in debugfs, for init, exit and the worker. */
#ifndef MLU_DEBUGFS_H
#define MLU_DEBUGFS_H

#include <linux/types.h>

struct mlu_target;

bool mlu_debugfs_open(void);
void mlu_debugfs_close_control(void);
void mlu_debugfs_close(void);
void mlu_debugfs_add_target(struct mlu_target *target);
void mlu_debugfs_remove_target(struct mlu_target *target);

#endif /* MLU_DEBUGFS_H */
