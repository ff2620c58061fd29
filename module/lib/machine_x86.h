/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine_x86: the constants of x86-64 that the ELF reader and the unwinder depend on.
 *
 * Source: System V ABI, AMD64 supplement, 3.2.1 (registers that a call preserves), 3.6.2 (DWARF
 * register numbers), 4.1.1 (machine) and 4.2.4 (.eh_frame).
 */
#ifndef MLU_MACHINE_X86_H
#define MLU_MACHINE_X86_H

#include <linux/bits.h>

#define MLU_ELF_MACHINE EM_X86_64
/* SHT_X86_64_UNWIND, which some linkers give .eh_frame instead of SHT_PROGBITS. */
#define MLU_ELF_SHT_UNWIND 0x70000001

/* DWARF register numbers: rax rdx rcx rbx rsi rdi rbp rsp r8 to r15, and the return address. */
#define MLU_CFI_RBX 3
#define MLU_CFI_RBP 6
#define MLU_CFI_RSP 7
#define MLU_CFI_NR_REGS 16
#define MLU_CFI_RA 16
/* The last register number in unwind data; vector and mask registers occur, and are ignored. */
#define MLU_CFI_LAST_REGISTER 125

/* The stack pointer, which in the caller is the CFA, and the frame pointer. */
#define MLU_CFI_SP MLU_CFI_RSP
#define MLU_CFI_FP MLU_CFI_RBP
/* The registers that a function preserves for its caller, besides the stack pointer. */
#define MLU_CFI_CALLEE_SAVED \
	(BIT(MLU_CFI_RBX) | BIT(MLU_CFI_RBP) | BIT(12) | BIT(13) | BIT(14) | BIT(15))
/* The return address is at CFA + this, where the call has pushed it. */
#define MLU_CFI_RA_OFFSET (-8)

#endif /* MLU_MACHINE_X86_H */
