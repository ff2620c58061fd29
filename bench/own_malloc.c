// SPDX-License-Identifier: GPL-2.0-only
/*
 * malloc and free that split the cost of a traced pair into its events: malloc stores the time
 * stamp counter at its begin and at its end in the block that it returns. The probe at its first
 * instruction is hit before the first of them, and its return after the second. pairs.c reads both.
 *
 * There is one block; pairs.c calls no function of the C library that allocates.
 *
 * In assembly, since both begin with an instruction that the kernel emulates, as those of the C
 * library do: a single step would cost more than the probe.
 */
#include "tsc.h"

/* Used by malloc below. */
__attribute__((used)) static u64 block[8];

/* clang-format off */
__asm__(".text\n"
	".globl malloc\n"
	".type malloc, @function\n"
	"malloc:\n"
	"	.cfi_startproc\n"
	"	push	%rbx\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	.cfi_rel_offset rbx, 0\n"
	"	lea	block(%rip), %rbx\n"
	"	rdtsc\n"
	"	mov	%eax, (%rbx)\n"
	"	mov	%edx, 4(%rbx)\n"
	"	rdtsc\n"
	"	mov	%eax, 8(%rbx)\n"
	"	mov	%edx, 12(%rbx)\n"
	"	mov	%rbx, %rax\n"
	"	pop	%rbx\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	.cfi_restore rbx\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size malloc, .-malloc\n"
	".globl free\n"
	".type free, @function\n"
	"free:\n"
	"	.cfi_startproc\n"
	"	push	%rbx\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pop	%rbx\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size free, .-free\n");
/* clang-format on */
