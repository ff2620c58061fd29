// SPDX-License-Identifier: GPL-2.0-only
/*
 * new_handler: a C++ program whose new_handler frees a reserve. In its only step, malloc fails in
 * operator new, which calls the handler and malloc again. The block is kept, the reserve is freed.
 *
 * Used by exact_edges.
 */
#include <new>
#include <sys/resource.h>

#include "program.h"

static const size_t size = 64ul << 20;
static void *reserve;

static void limit_memory(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &r))
		program_die("setrlimit");
}

static void free_reserve()
{
	program_failed++;
	free(reserve);
	reserve = nullptr;
	limit_memory(RLIM_INFINITY);
}

int main()
{
	void *small;

	program_ready();
	std::set_new_handler(free_reserve);
	reserve = malloc(1ul << 20);
	limit_memory(32ul << 20);
	program_keep(operator new(size), size);
	limit_memory(RLIM_INFINITY);
	if (reserve)
		program_die("the handler was not called");
	small = operator new(10);
	operator delete(operator new(20));
	program_keep(small, 10);
	program_done();
	return 0;
}
