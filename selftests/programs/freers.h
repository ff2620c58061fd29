/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of all supported allocators that free a block, and their arguments (enum
 * free_call); for free_by.c and the test freeing.
 */
#ifndef FREERS_H
#define FREERS_H

/* They free the block. */
#define FREERS(X)                                                   \
	X(free, BLOCK)                                              \
	X(cfree, BLOCK)                                             \
	X(__libc_free, BLOCK)                                       \
	X(free_sized, BLOCK_SIZE)                                   \
	X(free_aligned_sized, BLOCK_ALIGN_SIZE)                     \
	X(_ZdlPv, BLOCK)                                            \
	X(_ZdaPv, BLOCK)                                            \
	X(_ZdlPvm, BLOCK_SIZE)                                      \
	X(_ZdaPvm, BLOCK_SIZE)                                      \
	X(_ZdlPvRKSt9nothrow_t, BLOCK_NOTHROW)                      \
	X(_ZdaPvRKSt9nothrow_t, BLOCK_NOTHROW)                      \
	X(_ZdlPvSt11align_val_t, BLOCK_ALIGN)                       \
	X(_ZdaPvSt11align_val_t, BLOCK_ALIGN)                       \
	X(_ZdlPvmSt11align_val_t, BLOCK_SIZE_ALIGN)                 \
	X(_ZdaPvmSt11align_val_t, BLOCK_SIZE_ALIGN)                 \
	X(_ZdlPvSt11align_val_tRKSt9nothrow_t, BLOCK_ALIGN_NOTHROW) \
	X(_ZdaPvSt11align_val_tRKSt9nothrow_t, BLOCK_ALIGN_NOTHROW) \
	X(dallocx, BLOCK)                                           \
	X(sdallocx, BLOCK_SIZE)                                     \
	X(tc_free, BLOCK)                                           \
	X(tc_cfree, BLOCK)                                          \
	X(tc_free_sized, BLOCK_SIZE)                                \
	X(tc_delete, BLOCK)                                         \
	X(tc_delete_sized, BLOCK_SIZE)                              \
	X(tc_delete_nothrow, BLOCK_NOTHROW)                         \
	X(tc_delete_aligned, BLOCK_ALIGN)                           \
	X(tc_delete_sized_aligned, BLOCK_SIZE_ALIGN)                \
	X(tc_delete_aligned_nothrow, BLOCK_ALIGN_NOTHROW)           \
	X(tc_deletearray, BLOCK)                                    \
	X(tc_deletearray_sized, BLOCK_SIZE)                         \
	X(tc_deletearray_nothrow, BLOCK_NOTHROW)                    \
	X(tc_deletearray_aligned, BLOCK_ALIGN)                      \
	X(tc_deletearray_sized_aligned, BLOCK_SIZE_ALIGN)           \
	X(tc_deletearray_aligned_nothrow, BLOCK_ALIGN_NOTHROW)      \
	X(mi_free, BLOCK)                                           \
	X(mi_cfree, BLOCK)                                          \
	X(mi_free_size, BLOCK_SIZE)                                 \
	X(mi_free_size_aligned, BLOCK_SIZE_ALIGN)                   \
	X(mi_free_aligned, BLOCK_ALIGN)                             \
	X(vfree, BLOCK)

/* They return a new block instead. */
#define MOVERS(X)                                     \
	X(realloc, MOVE_SIZE)                         \
	X(reallocarray, MOVE_ONE_SIZE)                \
	X(rallocx, MOVE_SIZE)                         \
	X(reallocf, MOVE_SIZE)                        \
	X(mi_reallocf, MOVE_SIZE)                     \
	X(mi_realloc, MOVE_SIZE)                      \
	X(mi_rezalloc, MOVE_SIZE)                     \
	X(mi_realloc_aligned, MOVE_SIZE)              \
	X(mi_realloc_aligned_at, MOVE_SIZE)           \
	X(mi_rezalloc_aligned, MOVE_SIZE)             \
	X(mi_rezalloc_aligned_at, MOVE_SIZE)          \
	X(mi_new_realloc, MOVE_SIZE)                  \
	X(mi_reallocn, MOVE_ONE_SIZE)                 \
	X(mi_reallocarray, MOVE_ONE_SIZE)             \
	X(mi_recalloc, MOVE_ONE_SIZE)                 \
	X(mi_recalloc_aligned, MOVE_ONE_SIZE)         \
	X(mi_recalloc_aligned_at, MOVE_ONE_SIZE)      \
	X(mi_new_reallocn, MOVE_ONE_SIZE)             \
	X(mi_heap_realloc, MOVE_IN_HEAP)              \
	X(mi_heap_reallocf, MOVE_IN_HEAP)             \
	X(mi_heap_rezalloc, MOVE_IN_HEAP)             \
	X(mi_heap_realloc_aligned, MOVE_IN_HEAP)      \
	X(mi_heap_realloc_aligned_at, MOVE_IN_HEAP)   \
	X(mi_heap_rezalloc_aligned, MOVE_IN_HEAP)     \
	X(mi_heap_rezalloc_aligned_at, MOVE_IN_HEAP)  \
	X(mi_heap_reallocn, MOVE_ONE_IN_HEAP)         \
	X(mi_heap_recalloc, MOVE_ONE_IN_HEAP)         \
	X(mi_heap_recalloc_aligned, MOVE_ONE_IN_HEAP) \
	X(mi_heap_recalloc_aligned_at, MOVE_ONE_IN_HEAP)

#endif
