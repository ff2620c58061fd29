/* SPDX-License-Identifier: GPL-2.0-only */
/* errno.h: what the pure files use of the kernel's header, for the host. */
#ifndef MLU_SHIM_ERRNO_H
#define MLU_SHIM_ERRNO_H

#include <asm/errno.h>

#endif /* MLU_SHIM_ERRNO_H */
