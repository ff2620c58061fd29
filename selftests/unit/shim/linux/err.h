/* SPDX-License-Identifier: GPL-2.0-only */
/* err.h: the parts of the kernel's header that the module's pure files use, for the host. */
#ifndef MLU_SHIM_ERR_H
#define MLU_SHIM_ERR_H

#include <linux/types.h>

#define MAX_ERRNO 4095

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (unsigned long)ptr >= (unsigned long)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

#endif /* MLU_SHIM_ERR_H */
