// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator of the programs "own": it adds a header to each block, and takes its memory from
 * another allocator whose functions have probes, too.  Built as a part of the program and as a
 * library, with tail calls and without; with
 *
 *   -DOWN_NEXT  the other allocator is the next one in the search order of the dynamic linker,
 *		 jumped to through pointers
 *   -DOWN_ARENA there is no other allocator: calloc and the like call malloc of this one
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define APART __attribute__((noipa))

/* Called within an allocation, before memory is taken. */
void (*volatile own_hook)(void);

#if defined(OWN_NEXT)
static void *(*next_malloc)(size_t size);
static void (*next_free)(void *p);

__attribute__((constructor)) static void find_next(void)
{
	next_malloc = dlsym(RTLD_NEXT, "malloc");
	next_free = dlsym(RTLD_NEXT, "free");
}

/* The dynamic linker may allocate while it looks for them. */
static char early[4096] __attribute__((aligned(64)));
static size_t used;

static APART void *take(size_t size)
{
	if (next_malloc)
		return next_malloc(size);
	used += (size + 63) & -64ul;
	return used > sizeof(early) ? NULL : early + used - ((size + 63) & -64ul);
}

static APART void give(void *p)
{
	if ((char *)p < early || (char *)p >= early + sizeof(early))
		next_free(p);
}

#elif defined(OWN_ARENA)
static char arena[8 << 20] __attribute__((aligned(64)));
static size_t used;

static APART void *take(size_t size)
{
	char *p = arena + used;

	if (size > sizeof(arena) - used)
		return NULL;
	used += (size + 63) & -64ul;
	return p;
}

static APART void give(void *p)
{
	(void)p;
}

#else
void *__libc_malloc(size_t size);
void __libc_free(void *p);

#define take __libc_malloc
#define give __libc_free
#endif

#define HEADER 32

/* How far a block is from the memory that was taken for it, and its size. */
struct header {
	size_t offset, size;
};

static APART void call_hook(void)
{
	void (*hook)(void) = own_hook;

	own_hook = NULL;
	if (hook)
		hook();
}

static APART void *tracked_alloc(size_t align, size_t size)
{
	size_t offset;
	char *p;

	call_hook();
	if (size > PTRDIFF_MAX - 2 * align - HEADER) {
		errno = ENOMEM;
		return NULL;
	}
	p = take(size + align + HEADER);
	if (!p)
		return NULL;
	offset = ((uintptr_t)p + HEADER + align - 1) / align * align - (uintptr_t)p;
	((struct header *)(p + offset))[-1] = (struct header){ offset, size };
	return p + offset;
}

static APART void tracked_free(void *p)
{
	if (p)
		give((char *)p - ((struct header *)p)[-1].offset);
}

/* The compiler makes jumps of these calls, where it may. */
APART void *malloc(size_t size)
{
	return tracked_alloc(16, size);
}

APART void free(void *p)
{
	tracked_free(p);
}

static APART void *zeroed(size_t size)
{
	void *p = malloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void *calloc(size_t n, size_t size)
{
	return zeroed(n * size);
}

/* By functions that are probed, too. */
void *realloc(void *p, size_t size)
{
	void *q = malloc(size);

	if (p && q) {
		size_t old = ((struct header *)p)[-1].size;

		memcpy(q, p, old < size ? old : size);
		free(p);
	}
	return q;
}

APART void *aligned_alloc(size_t align, size_t size)
{
	return tracked_alloc(align, size);
}

APART void *memalign(size_t align, size_t size)
{
	return aligned_alloc(align, size);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	*p = memalign(align, size);
	return *p ? 0 : ENOMEM;
}
