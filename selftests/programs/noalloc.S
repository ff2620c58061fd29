/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noalloc: a static program without an allocator. It prints "ready 0", as it does not find out its
 * PID, and exits at the first byte of its input. noalloc_go has the note of a Go program, too.
 *
 * Used by allocators, unseen, tool/command.sh and tool/follow.sh.
 */
	.section .rodata
text:	.ascii	"ready 0\n"
	.set	length, . - text

	.text
	.globl	_start
	.type	_start, @function
_start:
	mov	$1, %eax		/* write */
	mov	$1, %edi
	lea	text(%rip), %rsi
	mov	$length, %edx
	syscall
	xor	%eax, %eax		/* read, over the stack */
	xor	%edi, %edi
	lea	-64(%rsp), %rsi
	mov	$1, %edx
	syscall
	mov	$60, %eax		/* exit */
	xor	%edi, %edi
	syscall
	.size	_start, . - _start
	.section .note.GNU-stack, "", @progbits
