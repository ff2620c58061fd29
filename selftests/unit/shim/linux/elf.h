/* SPDX-License-Identifier: GPL-2.0-only */
/* elf.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_ELF_H
#define MLU_SHIM_ELF_H

#include <elf.h>
#include <linux/types.h>

#endif /* MLU_SHIM_ELF_H */
