/* SPDX-License-Identifier: GPL-2.0-only */
/* callee: find the function that was called, from a return address. */
#ifndef MLU_CALLEE_H
#define MLU_CALLEE_H

#include <linux/types.h>

unsigned long mlu_callee(unsigned long ret);
unsigned long mlu_jump_target(unsigned long pc, size_t len);
unsigned long mlu_direct_callee(unsigned long ret);

#endif /* MLU_CALLEE_H */
