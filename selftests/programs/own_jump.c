// SPDX-License-Identifier: GPL-2.0-only
/* Another allocator for own.c: malloc and free are jumps to those of libc. */
#include <dlfcn.h>
#include <stdlib.h>

static void *(*next_malloc)(size_t size);
static void (*next_free)(void *p);

void (*volatile own_hook)(void);

__attribute__((constructor)) static void find_next(void)
{
	next_malloc = dlsym(RTLD_NEXT, "malloc");
	next_free = dlsym(RTLD_NEXT, "free");
}

void *malloc(size_t size)
{
	return next_malloc(size);
}

void free(void *p)
{
	next_free(p);
}
