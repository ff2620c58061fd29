/* SPDX-License-Identifier: GPL-2.0-only */
/* build_bug.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_BUILD_BUG_H
#define MLU_SHIM_BUILD_BUG_H

#include <assert.h>

#endif /* MLU_SHIM_BUILD_BUG_H */
