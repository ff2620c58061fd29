/* SPDX-License-Identifier: GPL-2.0-only */
/* Architecture dependencies: the breakpoint instruction and registers. */
#ifndef MU_ARCH_H
#define MU_ARCH_H

#include <sys/user.h>

#if defined(__x86_64__)

#define MU_BREAKPOINT 0xccUL
#define MU_BREAKPOINT_MASK 0xffUL
#define MU_BREAKPOINT_STEP 1 /* distance of the pc from a breakpoint that was hit */
#define MU_PC(regs) ((regs).rip)
#define MU_SP(regs) ((regs).rsp)
#define MU_THREAD_POINTER(regs) ((regs).fs_base)
#define MU_RED_ZONE 128	      /* bytes below the stack pointer that code may use */
#define MU_NOTE_VECTORS 0x202 /* NT_X86_XSTATE */

#elif defined(__aarch64__)

#define MU_BREAKPOINT 0xd4200000UL
#define MU_BREAKPOINT_MASK 0xffffffffUL
#define MU_BREAKPOINT_STEP 0
#define MU_PC(regs) ((regs).pc)
#define MU_SP(regs) ((regs).sp)
#define MU_THREAD_POINTER(regs) ((regs).sp * 0) /* not among the registers */
#define MU_RED_ZONE 128
#define MU_NOTE_VECTORS 2 /* NT_PRFPREG */

#else
#error "memleak-user runs on x86-64 and arm64"
#endif

#endif
