// SPDX-License-Identifier: GPL-2.0-only
/* A library with an allocator that has more exits than a target may have probes. It is not called. */
	.text

.macro function name
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	.rept 30
	test	%rdi, %rdi
	jns	1f
	ret
1:
	.endr
	xor	%eax, %eax
	ret
	.cfi_endproc
	.size	\name, . - \name
.endm

	.irp name, malloc, calloc, aligned_alloc, memalign, valloc, pvalloc, mallocx, \
		   tc_malloc, tc_calloc, tc_memalign, tc_valloc, tc_pvalloc, tc_new_nothrow, \
		   tc_newarray_nothrow, mi_malloc, mi_malloc_small, mi_zalloc, mi_zalloc_small, \
		   mi_calloc, mi_mallocn, mi_malloc_aligned, mi_malloc_aligned_at, \
		   mi_zalloc_aligned, mi_zalloc_aligned_at, mi_calloc_aligned, \
		   mi_calloc_aligned_at, mi_memalign, mi_valloc, mi_pvalloc, mi_new_nothrow, \
		   mi_new_aligned_nothrow, mi_heap_malloc, mi_heap_zalloc, mi_heap_calloc, \
		   mi_heap_mallocn, mi_aligned_alloc
	function \name
	.endr
	function free

	.section .note.GNU-stack, "", @progbits
