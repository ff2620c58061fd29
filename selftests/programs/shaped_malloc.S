// SPDX-License-Identifier: GPL-2.0-only
/*
 * The malloc of shaped.c, whose instructions are known. It jumps to shaped_slow(), which the
 * program also calls, for blocks of at least 512 bytes. Built for each SHAPE as
 * libshaped_SHAPE.so, with shaped_alloc.c:
 *
 *   plain	returns by three instructions, two of them in shaped_slow()
 *   jump	ends with a jump to memset, which returns the block, or by one of three instructions
 *   computed	has a jump to an address in a register
 *   table	has a jump through a table
 *   ret		returns by "ret $0"
 *   undecodable has bytes that are no instruction, behind a branch that is always taken
 *   tail	ends with a jump to malloc of libc for blocks of at least 900 bytes
 *   leaves	has a branch to a function of libc, which is not taken
 *   outside	has a branch out of the object, which is not taken
 *   large	has more returns than are probed
 *   new	malloc is as "plain"; operator new has a jump to an address in a register
 */
	.text

.macro cut
	sub	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	shaped_cut
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
.endm

	.globl	malloc
	.type	malloc, @function
malloc:
	.cfi_startproc
#if defined(SHAPE_computed)
	lea	1f(%rip), %rax
	jmp	*%rax
1:
#elif defined(SHAPE_table)
	mov	%edi, %eax
	and	$1, %eax
	lea	table(%rip), %rdx
	movslq	(%rdx, %rax, 4), %rax
	add	%rdx, %rax
	jmp	*%rax
even:	nop
odd:
#elif defined(SHAPE_undecodable)
	test	%rdi, %rdi
	jns	1f
	.byte	0x06, 0x06
1:
#elif defined(SHAPE_tail)
	cmp	$900, %rdi
	jb	1f
	jmp	__libc_malloc@PLT
1:
#elif defined(SHAPE_leaves)
	test	%rdi, %rdi
	js	getenv@PLT
#elif defined(SHAPE_outside)
	test	%rdi, %rdi
	.byte	0x0f, 0x88	/* js */
	.long	0x40000000
#elif defined(SHAPE_large)
	.rept	80
	test	%rdi, %rdi
	jns	1f
	ret
1:
	.endr
#endif
	cmp	$512, %rdi
	jae	shaped_slow
#if defined(SHAPE_jump)
	push	%rdi
	.cfi_adjust_cfa_offset 8
	call	shaped_cut
	pop	%rdx
	.cfi_adjust_cfa_offset -8
	test	%rax, %rax
	je	1f
	mov	%rax, %rdi
	xor	%esi, %esi
	jmp	memset@PLT
1:	ret
#elif defined(SHAPE_ret)
	cut
	.byte	0xc2, 0, 0	/* ret $0 */
#else
	cut
	ret
#endif
	.cfi_endproc
	.size	malloc, . - malloc

	.globl	shaped_slow
	.type	shaped_slow, @function
shaped_slow:
	.cfi_startproc
	cut
	test	%rax, %rax
	je	1f
	ret
1:	xor	%eax, %eax
	ret
	.cfi_endproc
	.size	shaped_slow, . - shaped_slow

#if defined(SHAPE_new)
	.globl	_Znwm
	.type	_Znwm, @function
_Znwm:
	.cfi_startproc
	lea	1f(%rip), %rax
	jmp	*%rax
1:	cut
	ret
	.cfi_endproc
	.size	_Znwm, . - _Znwm
#endif

#if defined(SHAPE_table)
	.section .rodata
	.balign	4
table:	.long	even - table, odd - table
#endif
	.section .note.GNU-stack, "", @progbits
