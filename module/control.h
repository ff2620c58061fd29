/* SPDX-License-Identifier: GPL-2.0-only */
/* The debugfs file "control". */
#ifndef MLU_CONTROL_H
#define MLU_CONTROL_H

struct dentry;

void mlu_control_init(struct dentry *dir);
void mlu_control_exit(void);

#endif /* MLU_CONTROL_H */
