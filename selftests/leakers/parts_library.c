// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three functions, each in a page of its own, with a page between them, that
 * call what they are given: any page can be unmapped while the others run.
 */
#include <stdlib.h>

#define PAGE 4096

#define LEAKING(name)                                                            \
	__attribute__((aligned(2 * PAGE))) void *name(void *(*alloc)(size_t),    \
						      size_t size)               \
	{                                                                        \
		void *p = alloc(size);                                           \
										 \
		/* No jump to what is called. */                                 \
		__asm__ volatile("" : "+r"(p));                                  \
		return p;                                                        \
	}

LEAKING(leak_first)
LEAKING(leak_middle)
LEAKING(leak_last)
