/* SPDX-License-Identifier: GPL-2.0-only */
/* elf.h: what the pure files use of the kernel's header, for the host. */
#ifndef MLU_SHIM_ELF_H
#define MLU_SHIM_ELF_H

#include <elf.h>
#include <linux/types.h>

#endif /* MLU_SHIM_ELF_H */
