// SPDX-License-Identifier: GPL-2.0-only
/*
 * A malloc and a free that call those of libc, as allocation counters and checkers do. Every other
 * free ends in a jump instead of a call. For counted_wrapped and counted_apart (libwrap.so).
 */
#include <stdlib.h>

void *__libc_malloc(size_t size);
void __libc_free(void *p);

volatile long wrap_allocated, wrap_freed;

void *malloc(size_t size)
{
	void *p = __libc_malloc(size);

	wrap_allocated++;
	return p;
}

void free(void *p)
{
	wrap_freed++;
	if (wrap_freed % 2) {
		__libc_free(p);
		return;
	}
	__libc_free(p);
	wrap_allocated--;
}
