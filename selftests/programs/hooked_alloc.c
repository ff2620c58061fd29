// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator of hooked.c: it passes each call to libc's and then calls hooked_report() with the
 * frames that backtrace() returns within the call, as heap profilers do.
 */
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <stdlib.h>

#define FRAMES 32

void (*volatile hooked_report)(const char *function, void **pc, int count);
static __thread int inside;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *p);

static void call_report(const char *function)
{
	void *pc[FRAMES];
	int count;

	if (inside || !hooked_report)
		return;
	inside = 1;
	count = backtrace(pc, FRAMES);
	hooked_report(function, pc, count);
	inside = 0;
}

void *malloc(size_t size)
{
	void *p = __libc_malloc(size);

	call_report("malloc");
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = __libc_calloc(n, size);

	call_report("calloc");
	return p;
}

void *realloc(void *p, size_t size)
{
	p = __libc_realloc(p, size);
	call_report("realloc");
	return p;
}

int posix_memalign(void **p, size_t align, size_t size)
{
	*p = __libc_memalign(align, size);
	call_report("posix_memalign");
	return *p ? 0 : ENOMEM;
}

void free(void *p)
{
	__libc_free(p);
	call_report("free");
}
