/* SPDX-License-Identifier: GPL-2.0-only */
/* slab.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_SLAB_H
#define MLU_SHIM_SLAB_H

#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#define gfp_t unsigned int

#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))
#define __must_check __attribute__((warn_unused_result))

#define GFP_KERNEL 0
#define GFP_NOWAIT 0
#define __GFP_NOWARN 0

static inline void *kmalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return malloc(size);
}

static inline void *kvmalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return malloc(size);
}

static inline void *kvzalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return calloc(1, size);
}

static inline void kfree(void *p)
{
	free(p);
}

static inline void kvfree(void *p)
{
	free(p);
}

#endif /* MLU_SHIM_SLAB_H */
