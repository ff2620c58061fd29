/* SPDX-License-Identifier: GPL-2.0-only */
/* The directory in /proc, for init and exit. */
#ifndef MLU_PROCFS_H
#define MLU_PROCFS_H

#include <linux/types.h>

bool mlu_procfs_open(void);
void mlu_procfs_close(void);

#endif /* MLU_PROCFS_H */
