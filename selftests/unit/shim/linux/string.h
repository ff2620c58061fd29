/* SPDX-License-Identifier: GPL-2.0-only */
/* string.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_STRING_H
#define MLU_SHIM_STRING_H

#include <string.h>

#endif /* MLU_SHIM_STRING_H */
