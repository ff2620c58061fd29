/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libexecuted.so: functions that call those of libc, and begin with instructions that no kernel
 * emulates. Other instructions follow that the probe's place cannot be behind.
 *
 * Used by allocators and other_tracers.
 */
	.macro	function name
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	.endm

	.macro	finish name
	.cfi_endproc
	.size	\name, . - \name
	.endm

	.macro	call_libc name
	sub	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	\name@plt
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.endm

	.text
	/* The only place is the instruction that allocates the frame. */
	function malloc
	call_libc __libc_malloc
	finish malloc

	function free
	call_libc __libc_free
	finish free

	/* An instruction that reads memory: the size of the block's elements is multiplied by 1. */
	function calloc
	mov	one(%rip), %edx
	imul	%rdx, %rsi
	call_libc __libc_calloc
	finish calloc

	/* Instructions that change an argument: it is changed twice. */
	function realloc
	lea	-16(%rsi, %rdi, 1), %rsi
	sub	%rdi, %rsi
	add	$16, %rsi
	jmp	__libc_realloc@plt
	finish realloc

	function memalign
	xor	$-1, %rsi
	not	%rsi
	jmp	__libc_memalign@plt
	finish memalign

	.data
one:	.long	1
	.section .note.GNU-stack, "", @progbits
