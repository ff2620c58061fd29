/* SPDX-License-Identifier: GPL-2.0-only */
/* hash.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_HASH_H
#define MLU_SHIM_HASH_H

#include <linux/types.h>

/* The upper bits of the product with the golden ratio. */
static inline u32 hash_64(u64 value, unsigned int bits)
{
	return value * 0x61C8864680B583EBull >> (64 - bits);
}

#endif /* MLU_SHIM_HASH_H */
