/* SPDX-License-Identifier: GPL-2.0-only */
/* errno.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_ERRNO_H
#define MLU_SHIM_ERRNO_H

#include <asm/errno.h>

#endif /* MLU_SHIM_ERRNO_H */
