// SPDX-License-Identifier: GPL-2.0-only
/*
 * deletes: each step creates and deletes objects by all forms of operator new and delete: plain and
 * array, with unknown and with known size, over-aligned, and with std::nothrow.
 *
 * Nothing is kept. FAILED of the protocol is the number of objects that were created.
 *
 * deletes_own is built with OWN_NEW: it defines an operator new and delete that call malloc and
 * free, and leaves the sized and array forms to libstdc++, as most such programs do.
 * deletes_static is a static program.
 *
 * Used by freeing.
 */
#include <new>

#include "program.h"

#define OBJECTS 20

#ifdef OWN_NEW
void *operator new(std::size_t size)
{
	return malloc(size);
}

void operator delete(void *p) noexcept
{
	free(p);
}
#endif

struct small {
	int x[10];
};

/*
 * An array of these is allocated with its length, because of the destructor: it has a sized
 * delete.
 */
struct counted {
	int x[100];
	~counted()
	{
		__atomic_fetch_add(&x[0], 1, __ATOMIC_RELAXED);
	}
};

struct alignas(64) line
{
	char c[64];
};

struct alignas(256) lines
{
	char c[512];
	~lines()
	{
		__atomic_fetch_add(&c[0], 1, __ATOMIC_RELAXED);
	}
};

template <typename T> static void make_and_delete()
{
	T *one[OBJECTS], *array[OBJECTS];
	int i;

	for (i = 0; i < OBJECTS; i++) {
		one[i] = new T;
		array[i] = new T[i + 1];
		program_failed += 2;
	}
	for (i = 0; i < OBJECTS; i++) {
		delete one[i];
		delete[] array[i];
	}
}

/* The forms that are called if a constructor throws. */
template <typename T> static void make_and_delete_nothrow()
{
	void *one[OBJECTS], *array[OBJECTS];
	int i;

	for (i = 0; i < OBJECTS; i++) {
		one[i] = operator new(sizeof(T), std::nothrow);
		array[i] = operator new[](sizeof(T), std::nothrow);
		program_failed += 2;
	}
	for (i = 0; i < OBJECTS; i++) {
		operator delete(one[i], std::nothrow);
		operator delete[](array[i], std::nothrow);
	}
}

static void make_and_delete_all()
{
	make_and_delete<small>();
	make_and_delete<counted>();
	make_and_delete<line>();
	make_and_delete<lines>();
	make_and_delete_nothrow<small>();
}

/* The first call lets the allocator map its memory before the attach. */
int main()
{
	make_and_delete_all();
	program_failed = 0;
	program_ready();
	do {
		make_and_delete_all();
	} while (program_done() != 'e');
	return 0;
}
