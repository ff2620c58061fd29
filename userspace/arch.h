/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between architectures: a breakpoint, and where a stopped thread stands. */
#ifndef MU_ARCH_H
#define MU_ARCH_H

#include <sys/user.h>

#if defined(__x86_64__)

#define MU_BREAKPOINT 0xccUL
#define MU_BREAKPOINT_MASK 0xffUL
#define MU_BREAKPOINT_STEP 1 /* how far the pc is behind a breakpoint that was hit */
#define MU_PC(regs) ((regs).rip)

#elif defined(__aarch64__)

#define MU_BREAKPOINT 0xd4200000UL
#define MU_BREAKPOINT_MASK 0xffffffffUL
#define MU_BREAKPOINT_STEP 0
#define MU_PC(regs) ((regs).pc)

#else
#error "memleak-user runs on x86-64 and arm64"
#endif

#endif
