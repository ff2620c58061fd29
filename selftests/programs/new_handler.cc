// SPDX-License-Identifier: GPL-2.0-only
/*
 * A C++ program whose new_handler frees a reserve: operator new fails in
 * malloc, calls the handler, and asks malloc again.  What it gets is kept, the
 * reserve is not.
 */
#include <new>
#include <sys/resource.h>

#include "program.h"

static const size_t size = 64ul << 20;
static void *reserve;

static void limit(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &r))
		program_die("setrlimit");
}

static void give_up_the_reserve()
{
	program_failed++;
	free(reserve);
	reserve = nullptr;
	limit(RLIM_INFINITY);
}

int main()
{
	void *small;

	program_ready();
	std::set_new_handler(give_up_the_reserve);
	reserve = malloc(1ul << 20);
	limit(32ul << 20);
	program_keep(operator new(size), size);
	limit(RLIM_INFINITY);
	if (reserve)
		program_die("the handler was not called");
	small = operator new(10);
	operator delete(operator new(20));
	program_keep(small, 10);
	program_done();
	return 0;
}
