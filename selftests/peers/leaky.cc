// SPDX-License-Identifier: GPL-2.0-only
/*
 * leaky: a process with a hostile name that loses a known number of bytes at known places. The
 * protocol is that of ../programs/program.h; each step adds
 *
 *	fibonacci()		10 blocks of 8192 bytes
 *	store::Cache<int>::put	100 blocks of 24 bytes, in keep_inlined(), which is inlined
 *	reserve()		a mapping of 3 GiB, so that sums need more than 32 bits
 *
 * The stripped build has none of these names.
 */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "../programs/program.h"

#define APART __attribute__((noipa))

static const size_t mapped = 3ul << 30;

extern "C" APART void *fibonacci(int nth)
{
	long *v = (long *)calloc(1024, sizeof(*v));

	if (!v)
		program_die("calloc");
	v[1] = nth;
	return v;
}

static inline __attribute__((always_inline)) void *keep_inlined(size_t size)
{
	void *p = malloc(size);

	asm volatile("" : "+r"(p));
	return p;
}

namespace store
{
template <typename T> struct Cache {
	APART void put(T key)
	{
		void *p = keep_inlined(24);

		memset(p, key, 24);
		asm volatile("" ::: "memory");
	}
};
}

extern "C" APART void reserve()
{
	void *p = mmap(NULL, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		program_die("mmap");
	asm volatile("" : "+r"(p));
}

APART static void lose_all()
{
	store::Cache<int> cache;
	int i;

	for (i = 0; i < 10; i++)
		fibonacci(i);
	for (i = 0; i < 100; i++)
		cache.put(i);
	reserve();
}

int main()
{
	prctl(PR_SET_NAME, "le;a \"k\\y\377");
	program_ready();
	do {
		lose_all();
	} while (program_done() != 'e');
	return 0;
}
