/* SPDX-License-Identifier: GPL-2.0-only */
/* sort.h: what the pure files use of the kernel's header, for the host. */
#ifndef MLU_SHIM_SORT_H
#define MLU_SHIM_SORT_H

#include <stdlib.h>

static inline void sort(void *base, size_t nr, size_t size, int (*cmp)(const void *, const void *),
			void *swap)
{
	(void)swap;
	qsort(base, nr, size, cmp);
}

#endif /* MLU_SHIM_SORT_H */
