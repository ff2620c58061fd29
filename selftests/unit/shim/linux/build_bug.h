/* SPDX-License-Identifier: GPL-2.0-only */
/* build_bug.h: what the pure files use of the kernel's header, for the host. */
#ifndef MLU_SHIM_BUILD_BUG_H
#define MLU_SHIM_BUILD_BUG_H

#include <assert.h>

#endif /* MLU_SHIM_BUILD_BUG_H */
