/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs have in common that map and unmap memory in one way, and keep what is left. What is
 * left of a mapping is kept as a block of its own.
 */
#ifndef PAGES_H
#define PAGES_H

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "program.h"

#define PAGE 4096UL
#define WINDOW 64 /* pages */

static char *window; /* addresses that nothing is mapped at */

static void die_unless(int good, const char *what)
{
	if (!good)
		program_die(what);
}

static char *map_pages(char *at, unsigned long pages, int flags)
{
	char *p = mmap(at, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0) | flags, -1, 0);

	die_unless(p != MAP_FAILED && (!at || p == at), "mmap");
	return p;
}

static void keep_pages(char *at, unsigned long pages)
{
	program_keep_as(at, pages * PAGE, "mmap");
}

/* By a system call, so that the window is not recorded if the program is traced. */
static void find_window(void)
{
	window = (char *)syscall(SYS_mmap, NULL, WINDOW * PAGE, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	die_unless(!syscall(SYS_munmap, window, WINDOW * PAGE), "munmap");
}

struct pages_case {
	const char *name;
	void (*run)(void);
};

#define CASE(name)          \
	{                   \
#name, name \
	}

static const struct pages_case *find_case(const struct pages_case *cases, size_t nr,
					  const char *name)
{
	size_t i;

	for (i = 0; name && i < nr; i++)
		if (!strcmp(cases[i].name, name))
			return &cases[i];
	return NULL;
}

#endif
