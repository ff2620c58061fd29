/* SPDX-License-Identifier: GPL-2.0-only */
/* mm.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_MM_H
#define MLU_SHIM_MM_H

#include <linux/slab.h>

#define PAGE_SIZE 4096UL

#endif /* MLU_SHIM_MM_H */
