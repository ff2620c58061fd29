/* SPDX-License-Identifier: GPL-2.0-only */
/* umem: read a target's memory. */
#ifndef MLU_UMEM_H
#define MLU_UMEM_H

#include <linux/types.h>

struct mm_struct;

bool mlu_umem_read(unsigned long addr, unsigned long *value);
bool mlu_umem_read_return(unsigned long slot, unsigned long *value);
unsigned long mlu_umem_return_address(bool at_return, unsigned long slot, unsigned long value);
u64 mlu_umem_stack_limit(struct mm_struct *mm, unsigned long sp);

#endif /* MLU_UMEM_H */
