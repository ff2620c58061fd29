/* SPDX-License-Identifier: GPL-2.0-only */
/* bits.h: of the kernel's header of this name, what the pure files use, for builds on the host. */
#ifndef MLU_SHIM_BITS_H
#define MLU_SHIM_BITS_H

#define BIT_ULL(nr) (1ULL << (nr))

#endif /* MLU_SHIM_BITS_H */
