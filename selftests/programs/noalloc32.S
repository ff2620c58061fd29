/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * noalloc32: a static 32-bit program with two functions named malloc and free, so that its 32 bits
 * are the only reason why it cannot be traced. It prints "ready 0" and exits at the first byte of
 * its input.
 *
 * Used by allocators.
 */
	.section .rodata
text:	.ascii	"ready 0\n"
	.set	length, . - text

	.text
	.globl	malloc, free, _start
	.type	malloc, @function
malloc:
	push	%ebp
	xor	%eax, %eax
	pop	%ebp
	ret
	.size	malloc, . - malloc

	.type	free, @function
free:
	push	%ebp
	pop	%ebp
	ret
	.size	free, . - free

	.type	_start, @function
_start:
	mov	$4, %eax		/* write */
	mov	$1, %ebx
	mov	$text, %ecx
	mov	$length, %edx
	int	$0x80
	mov	$3, %eax		/* read, over the stack */
	xor	%ebx, %ebx
	lea	-64(%esp), %ecx
	mov	$1, %edx
	int	$0x80
	mov	$1, %eax		/* exit */
	xor	%ebx, %ebx
	int	$0x80
	.size	_start, . - _start
	.section .note.GNU-stack, "", @progbits
