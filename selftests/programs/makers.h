/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of all supported allocators that return a block, and their arguments; for make_by.c
 * and the test cpp_allocators. A letter for each argument:
 *
 *	s  the size			a  the alignment
 *	n  a factor of the size		h  the default heap of mimalloc
 *	p  a block of malloc		t  std::nothrow
 *	@  where to store the block	0  0
 *	z  a string			m  the number of its bytes to copy
 */
#ifndef MAKERS_H
#define MAKERS_H

#define MAKERS(X)                                    \
	X(malloc, "s")                               \
	X(calloc, "ns")                              \
	X(realloc, "ps")                             \
	X(reallocarray, "pns")                       \
	X(posix_memalign, "@as")                     \
	X(aligned_alloc, "as")                       \
	X(memalign, "as")                            \
	X(valloc, "s")                               \
	X(pvalloc, "s")                              \
	X(_ZnwmRKSt9nothrow_t, "st")                 \
	X(_ZnamRKSt9nothrow_t, "st")                 \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t, "sat") \
	X(_ZnamSt11align_val_tRKSt9nothrow_t, "sat") \
	X(mallocx, "s0")                             \
	X(rallocx, "ps0")                            \
	X(tc_malloc, "s")                            \
	X(tc_malloc_skip_new_handler, "s")           \
	X(tc_calloc, "ns")                           \
	X(tc_realloc, "ps")                          \
	X(tc_posix_memalign, "@as")                  \
	X(tc_memalign, "as")                         \
	X(tc_valloc, "s")                            \
	X(tc_pvalloc, "s")                           \
	X(tc_new_nothrow, "st")                      \
	X(tc_newarray_nothrow, "st")                 \
	X(tc_new_aligned_nothrow, "sat")             \
	X(tc_newarray_aligned_nothrow, "sat")        \
	X(strdup, "z")                               \
	X(strndup, "zm")                             \
	X(reallocf, "ps")                            \
	X(_aligned_malloc, "as")                     \
	X(mi_malloc, "s")                            \
	X(mi_malloc_small, "s")                      \
	X(mi_zalloc, "s")                            \
	X(mi_zalloc_small, "s")                      \
	X(mi_calloc, "ns")                           \
	X(mi_mallocn, "ns")                          \
	X(mi_malloc_aligned, "sa")                   \
	X(mi_malloc_aligned_at, "sa0")               \
	X(mi_zalloc_aligned, "sa")                   \
	X(mi_zalloc_aligned_at, "sa0")               \
	X(mi_calloc_aligned, "nsa")                  \
	X(mi_calloc_aligned_at, "nsa0")              \
	X(mi_aligned_alloc, "as")                    \
	X(mi_memalign, "as")                         \
	X(mi_posix_memalign, "@as")                  \
	X(mi_valloc, "s")                            \
	X(mi_pvalloc, "s")                           \
	X(mi_new_nothrow, "s")                       \
	X(mi_new_aligned_nothrow, "sa")              \
	X(mi_strdup, "z")                            \
	X(mi_strndup, "zm")                          \
	X(mi_mbsdup, "z")                            \
	X(mi_realloc, "ps")                          \
	X(mi_reallocn, "pns")                        \
	X(mi_reallocf, "ps")                         \
	X(mi_reallocarray, "pns")                    \
	X(mi_rezalloc, "ps")                         \
	X(mi_recalloc, "pns")                        \
	X(mi_realloc_aligned, "psa")                 \
	X(mi_realloc_aligned_at, "psa0")             \
	X(mi_rezalloc_aligned, "psa")                \
	X(mi_rezalloc_aligned_at, "psa0")            \
	X(mi_recalloc_aligned, "pnsa")               \
	X(mi_recalloc_aligned_at, "pnsa0")           \
	X(mi_aligned_recalloc, "pnsa")               \
	X(mi_aligned_offset_recalloc, "pnsa0")       \
	X(mi_heap_malloc, "hs")                      \
	X(mi_heap_malloc_small, "hs")                \
	X(mi_heap_zalloc, "hs")                      \
	X(mi_heap_calloc, "hns")                     \
	X(mi_heap_mallocn, "hns")                    \
	X(mi_heap_malloc_aligned, "hsa")             \
	X(mi_heap_malloc_aligned_at, "hsa0")         \
	X(mi_heap_zalloc_aligned, "hsa")             \
	X(mi_heap_zalloc_aligned_at, "hsa0")         \
	X(mi_heap_calloc_aligned, "hnsa")            \
	X(mi_heap_calloc_aligned_at, "hnsa0")        \
	X(mi_heap_strdup, "hz")                      \
	X(mi_heap_strndup, "hzm")                    \
	X(mi_heap_realloc, "hps")                    \
	X(mi_heap_reallocn, "hpns")                  \
	X(mi_heap_reallocf, "hps")                   \
	X(mi_heap_rezalloc, "hps")                   \
	X(mi_heap_recalloc, "hpns")                  \
	X(mi_heap_realloc_aligned, "hpsa")           \
	X(mi_heap_realloc_aligned_at, "hpsa0")       \
	X(mi_heap_rezalloc_aligned, "hpsa")          \
	X(mi_heap_rezalloc_aligned_at, "hpsa0")      \
	X(mi_heap_recalloc_aligned, "hpnsa")         \
	X(mi_heap_recalloc_aligned_at, "hpnsa0")

/* They may throw. */
#define THROWERS(X)                   \
	X(_Znwm, "s")                 \
	X(_Znam, "s")                 \
	X(_ZnwmSt11align_val_t, "sa") \
	X(_ZnamSt11align_val_t, "sa") \
	X(tc_new, "s")                \
	X(tc_newarray, "s")           \
	X(tc_new_aligned, "sa")       \
	X(tc_newarray_aligned, "sa")  \
	X(mi_new, "s")                \
	X(mi_new_aligned, "sa")       \
	X(mi_new_n, "ns")             \
	X(mi_new_realloc, "ps")       \
	X(mi_new_reallocn, "pns")     \
	X(mi_heap_alloc_new, "hs")    \
	X(mi_heap_alloc_new_n, "hns")

/* If they fail, they free the block. */
#define FAILERS(X)           \
	X(reallocf, "ps")    \
	X(mi_reallocf, "ps") \
	X(mi_heap_reallocf, "hps")

#endif
