/* SPDX-License-Identifier: GPL-2.0-only */
/* string.h: what the pure files use of the kernel's header, for the host. */
#ifndef MLU_SHIM_STRING_H
#define MLU_SHIM_STRING_H

#include <string.h>

#endif /* MLU_SHIM_STRING_H */
