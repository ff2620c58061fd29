// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator of own.c and own_new.cc. It adds a header to each block and gets its memory from
 * __libc_malloc(), which is probed, too. Built as a part of the program and as a library
 * (libown.so), with tail calls and without, and with:
 *
 *   -DOWN_NEXT  memory comes from the next malloc in the dynamic linker's search order, which is
 *		 called through a pointer
 *   -DOWN_ARENA memory comes from an arena
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

static APART void *get_memory(size_t size)
{
	if (next_malloc)
		return next_malloc(size);
	used += (size + 63) & -64ul;
	return used > sizeof(early) ? NULL : early + used - ((size + 63) & -64ul);
}

static APART void put_memory(void *p)
{
	if ((char *)p < early || (char *)p >= early + sizeof(early))
		next_free(p);
}

#elif defined(OWN_ARENA)
static char arena[8 << 20] __attribute__((aligned(64)));
static size_t used;

static APART void *get_memory(size_t size)
{
	char *p = arena + used;

	if (size > sizeof(arena) - used)
		return NULL;
	used += (size + 63) & -64ul;
	return p;
}

static APART void put_memory(void *p)
{
	(void)p;
}

#else
void *__libc_malloc(size_t size);
void __libc_free(void *p);

#define get_memory __libc_malloc
#define put_memory __libc_free
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
	p = get_memory(size + align + HEADER);
	if (!p)
		return NULL;
	offset = ((uintptr_t)p + HEADER + align - 1) / align * align - (uintptr_t)p;
	((struct header *)(p + offset))[-1] = (struct header){ offset, size };
	return p + offset;
}

static APART void tracked_free(void *p)
{
	if (p)
		put_memory((char *)p - ((struct header *)p)[-1].offset);
}

/* The compiler makes tail calls of these, except with -fno-optimize-sibling-calls. */
APART void *malloc(size_t size)
{
	return tracked_alloc(16, size);
}

APART void free(void *p)
{
	tracked_free(p);
}

static APART void *malloc_zeroed(size_t size)
{
	void *p = malloc(size);

	return p ? memset(p, 0, size) : NULL;
}

void *calloc(size_t n, size_t size)
{
	return malloc_zeroed(n * size);
}

/* It calls malloc and free, which are probed, too. */
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
