/* SPDX-License-Identifier: GPL-2.0-only */
/* machine: select the constants of the architecture; ../arch.h lists what each one provides. */
#ifndef MLU_MACHINE_H
#define MLU_MACHINE_H

#if defined(__x86_64__)
#include "machine_x86.h"
#else
#error "lib: x86-64 is the only architecture supported so far"
#endif

#endif /* MLU_MACHINE_H */
