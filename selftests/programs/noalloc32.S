/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A static program for 32 bits that calls two of its functions malloc and
 * free: that it cannot be probed is for its 32 bits alone.  It says "ready 0"
 * and ends at the first byte of its input.
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
