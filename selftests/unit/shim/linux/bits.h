/* SPDX-License-Identifier: GPL-2.0-only */
/* bits.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_BITS_H
#define MLU_SHIM_BITS_H

#define BIT(nr) (1UL << (nr))
#define BIT_ULL(nr) (1ULL << (nr))

#endif /* MLU_SHIM_BITS_H */
