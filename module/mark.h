/* SPDX-License-Identifier: GPL-2.0-only */
/* Marks: what is outstanding now, to be compared with later. */
#ifndef MLU_MARK_H
#define MLU_MARK_H

#include <linux/types.h>

int mlu_mark_target(u32 id);

#endif /* MLU_MARK_H */
