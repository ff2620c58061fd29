// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library (libthrowing.so) whose function leaks 7654 bytes, as that of leak_library.c does, after
 * exceptions have left operator new and have been caught. The process is aborted if a destructor is
 * not called.
 *
 * Used by torture/torture.
 */
#include <cstdlib>
#include <new>

#define APART __attribute__((noipa))

static const size_t huge = (size_t)1 << 62;
static void *volatile last;

struct counted {
	int &count;
	char *block;

	explicit counted(int &c)
		: count(c)
		, block(new char[200])
	{
		++count;
	}
	~counted()
	{
		delete[] block;
		--count;
	}
};

APART static void *go_down(int depth, int &count)
{
	counted c(count);

	return depth ? go_down(depth - 1, count) : operator new(huge);
}

static void throw_and_catch()
{
	int count = 0;

	try {
		last = go_down(4, count);
	} catch (const std::bad_alloc &) {
		last = nullptr;
	}
	if (last || count)
		abort();
}

extern "C" void leak_in_library();

void leak_in_library()
{
	for (int i = 0; i < 3; i++)
		throw_and_catch();
	last = operator new(7654);
	last = nullptr;
}
