/* SPDX-License-Identifier: GPL-2.0-only */
/* The door to the architecture: one header each, the same names in all of them. */
#ifndef MLU_ARCH_H
#define MLU_ARCH_H

#ifdef CONFIG_X86_64
#include "arch_x86.h"
#else
#error "memleak_user supports x86-64 only so far"
#endif

#endif /* MLU_ARCH_H */
