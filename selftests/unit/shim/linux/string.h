/* SPDX-License-Identifier: GPL-2.0-only */
/* string.h: of the kernel's header of this name, what the pure files use, for builds on the host. */
#ifndef MLU_SHIM_STRING_H
#define MLU_SHIM_STRING_H

#include <string.h>

#endif /* MLU_SHIM_STRING_H */
