// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remaps memory in one way, and keeps what is left: remapped CASE.
 *
 * keep_origin has two steps.
 */
#include "pages.h"

#ifndef MREMAP_DONTUNMAP /* before glibc 2.32 */
#define MREMAP_DONTUNMAP 4
#endif

static char *before; /* 8 pages, mapped before the attach */

static char *remap_pages(char *at, unsigned long old, unsigned long new, int flags, char *to)
{
	char *p = mremap(at, old * PAGE, new *PAGE, flags, to);

	die_unless(p != MAP_FAILED && (!to || p == to), "mremap");
	return p;
}

static void grow_in_place(void)
{
	die_unless(remap_pages(map_pages(window, 2, 0), 2, 5, 0, NULL) == window,
		   "the mapping was moved");
	keep_pages(window, 5);
}

static void grow_and_move(void)
{
	char *p = map_pages(window, 2, 0);

	map_pages(window + 2 * PAGE, 1, 0);
	memset(p, 1, 2 * PAGE);
	p = remap_pages(p, 2, 5, MREMAP_MAYMOVE, NULL);
	die_unless(p != window && *p == 1, "the mapping was not moved");
	keep_pages(p, 5);
	keep_pages(window + 2 * PAGE, 1);
}

static void shrink_in_place(void)
{
	remap_pages(map_pages(window, 5, 0), 5, 2, 0, NULL);
	keep_pages(window, 2);
}

static void move_whole(void)
{
	memset(map_pages(window, 4, 0), 1, 4 * PAGE);
	remap_pages(window, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 4);
}

static void move_untouched(void)
{
	map_pages(window, 4, 0);
	remap_pages(window, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 4);
}

static void move_and_shrink(void)
{
	remap_pages(map_pages(window, 6, 0), 6, 2, MREMAP_MAYMOVE | MREMAP_FIXED,
		    window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 2);
}

static void move_and_grow(void)
{
	remap_pages(map_pages(window, 2, 0), 2, 6, MREMAP_MAYMOVE | MREMAP_FIXED,
		    window + 8 * PAGE);
	keep_pages(window + 8 * PAGE, 6);
}

/* The middle of a mapping, over a part of another one. */
static void move_part(void)
{
	map_pages(window, 6, 0);
	map_pages(window + 10 * PAGE, 4, 0);
	remap_pages(window + 2 * PAGE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, window + 11 * PAGE);
	keep_pages(window, 2);
	keep_pages(window + 4 * PAGE, 2);
	keep_pages(window + 10 * PAGE, 1);
	keep_pages(window + 11 * PAGE, 2);
	keep_pages(window + 13 * PAGE, 1);
}

/* The kernel has merged three mappings, which are moved together. */
static void move_several(void)
{
	map_pages(window, 2, 0);
	map_pages(window + 2 * PAGE, 2, 0);
	map_pages(window + 4 * PAGE, 2, 0);
	remap_pages(window + PAGE, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 16 * PAGE);
	keep_pages(window, 1);
	keep_pages(window + 5 * PAGE, 1);
	keep_pages(window + 16 * PAGE, 1);
	keep_pages(window + 17 * PAGE, 2);
	keep_pages(window + 19 * PAGE, 1);
}

static void move_and_keep(void)
{
	map_pages(window, 4, 0);
	remap_pages(window, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		    window + 8 * PAGE);
	keep_pages(window, 4);
	keep_pages(window + 8 * PAGE, 4);
}

static void dontunmap_part(void)
{
	map_pages(window, 4, 0);
	remap_pages(window + PAGE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		    window + 8 * PAGE);
	keep_pages(window, 4);
	keep_pages(window + 8 * PAGE, 2);
}

/* A second mapping of the same pages. */
static void map_again(void)
{
	char *p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;

	die_unless(p != MAP_FAILED, "mmap");
	q = remap_pages(p, 0, 4, MREMAP_MAYMOVE, NULL);
	keep_pages(p, 4);
	keep_pages(q, 4);
}

static void remap_fails(void)
{
	map_pages(window, 2, 0);
	map_pages(window + 2 * PAGE, 1, 0);
	program_fail(mremap(window, 2 * PAGE, 8 * PAGE, 0));
	program_fail(mremap(window + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	program_fail(mremap(window, 2 * PAGE, 1UL << 60, MREMAP_MAYMOVE));
	keep_pages(window, 2);
	keep_pages(window + 2 * PAGE, 1);
}

/* The growth of a mapping that is not recorded belongs to the caller of mremap. */
static void grow_unrecorded(void)
{
	char *p = remap_pages(before, 8, 12, MREMAP_MAYMOVE, NULL);

	keep_pages(p + 8 * PAGE, 4);
}

static void move_unrecorded(void)
{
	remap_pages(before, 8, 8, MREMAP_MAYMOVE | MREMAP_FIXED, window);
}

static long remap_by_system_call(unsigned long old, unsigned long new, long flags, char *to)
{
	return syscall(SYS_mremap, window, old * PAGE, new *PAGE, flags, to);
}

/* The new place is not seen. */
static void move_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless(remap_by_system_call(4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE) !=
			   -1,
		   "mremap");
}

static void shrink_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless(remap_by_system_call(4, 1, 0, NULL) != -1, "mremap");
	keep_pages(window, 1);
}

static void dontunmap_by_system_call(void)
{
	map_pages(window, 4, 0);
	die_unless(remap_by_system_call(4, 4, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
					window + 8 * PAGE) != -1,
		   "mremap");
	keep_pages(window, 4);
}

static void keep_origin(void)
{
	keep_pages(map_pages(window, 4, 0), 4);
	program_done();
	program_drop(window);
	remap_pages(window + PAGE, 2, 3, MREMAP_MAYMOVE | MREMAP_FIXED, window + 8 * PAGE);
	keep_pages(window, 1);
	keep_pages(window + 3 * PAGE, 1);
	keep_pages(window + 8 * PAGE, 3);
}

static const struct pages_case cases[] = {
	CASE(grow_in_place),	     CASE(grow_and_move),
	CASE(shrink_in_place),	     CASE(move_whole),
	CASE(move_untouched),	     CASE(move_and_shrink),
	CASE(move_and_grow),	     CASE(move_part),
	CASE(move_several),	     CASE(move_and_keep),
	CASE(dontunmap_part),	     CASE(map_again),
	CASE(remap_fails),	     CASE(grow_unrecorded),
	CASE(move_unrecorded),	     CASE(move_by_system_call),
	CASE(shrink_by_system_call), CASE(dontunmap_by_system_call),
	CASE(keep_origin),
};

int main(int argc, char **argv)
{
	const struct pages_case *chosen = find_case(cases, sizeof(cases) / sizeof(cases[0]),
						    argc == 2 ? argv[1] : NULL);

	if (!chosen)
		return 1;
	before = map_pages(NULL, 8, 0);
	find_window();
	program_ready();
	chosen->run();
	program_done();
	return 0;
}
