/* SPDX-License-Identifier: GPL-2.0-only */
/* Architecture dependencies: the breakpoint instruction and the program counter. */
#ifndef MU_ARCH_H
#define MU_ARCH_H

#include <sys/user.h>

#if defined(__x86_64__)

#define MU_BREAKPOINT 0xccUL
#define MU_BREAKPOINT_MASK 0xffUL
#define MU_BREAKPOINT_STEP 1 /* distance of the pc from a breakpoint that was hit */
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
