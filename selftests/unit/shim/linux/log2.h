/* SPDX-License-Identifier: GPL-2.0-only */
/* log2.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_LOG2_H
#define MLU_SHIM_LOG2_H

static inline unsigned int order_base_2(unsigned long n)
{
	return n > 1 ? 8 * sizeof(n) - __builtin_clzl(n - 1) : 0;
}

#endif /* MLU_SHIM_LOG2_H */
