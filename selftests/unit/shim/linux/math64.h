/* SPDX-License-Identifier: GPL-2.0-only */
/* math64.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_MATH64_H
#define MLU_SHIM_MATH64_H

#include <linux/types.h>

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

#endif /* MLU_SHIM_MATH64_H */
