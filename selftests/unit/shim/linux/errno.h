/* SPDX-License-Identifier: GPL-2.0-only */
/* errno.h: of the kernel's header of this name, what the pure files use, for builds on the host. */
#ifndef MLU_SHIM_ERRNO_H
#define MLU_SHIM_ERRNO_H

#include <asm/errno.h>

#endif /* MLU_SHIM_ERRNO_H */
