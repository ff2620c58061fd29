/* SPDX-License-Identifier: GPL-2.0-only */
/* mremap: recognize the system call from within it. */
#ifndef MLU_MREMAP_H
#define MLU_MREMAP_H

#include <linux/types.h>

/**
 * struct mlu_mremap - the arguments of mremap
 * @from: the old address
 * @old_size: the old size, in bytes
 * @new_size: the new size, in bytes
 * @flags: MREMAP_ flags
 */
struct mlu_mremap {
	unsigned long from;
	unsigned long old_size;
	unsigned long new_size;
	unsigned int flags;
};

bool mlu_is_in_mremap(struct mlu_mremap *mremap);

#endif /* MLU_MREMAP_H */
