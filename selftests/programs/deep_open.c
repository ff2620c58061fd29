// SPDX-License-Identifier: GPL-2.0-only
/*
 * deep_open ONE TWO THREE: blocks that are allocated in a library directly after it was loaded. The
 * arguments are the three libraries of deep_library.c.
 *
 * Steps, in this order:
 * 1. Loads ONE, whose constructor keeps 2001 bytes; four threads keep 2010 bytes each at the same
 *    time. Unloads it and loads TWO, which is mapped at the same address: 2002 bytes in its
 *    constructor, 2003 bytes later.
 * 2. Loads THREE: 2005 bytes in its constructor, from a stack that is larger than the part that the
 *    module copies.
 * 3. 2004 bytes from the same stack in THREE, whose unwind data the module has read by then.
 *
 * Used by stacks, which compares the names of the functions, and by other_tracers.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "program.h"

#define APART __attribute__((noipa))

void *program_take(size_t size);

/* Called from the libraries. */
APART void *program_take(size_t size)
{
	void *p = malloc(size);

	program_keep(p, size);
	return p;
}

static void *library;
static pthread_barrier_t barrier;

static APART void open_library(const char *path)
{
	library = dlopen(path, RTLD_NOW);
	if (!library)
		program_die(path);
}

static void *of_library(const char *name)
{
	void *function = dlsym(library, name);

	if (!function)
		program_die(name);
	return function;
}

static void *thread_main(void *call)
{
	pthread_barrier_wait(&barrier);
	((void (*)(size_t))call)(2010);
	return NULL;
}

static APART void call_at_once(void)
{
	pthread_t thread[4];
	int i;

	pthread_barrier_init(&barrier, NULL, 4);
	for (i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, thread_main, of_library("library_call"));
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
}

static APART void call_deep(size_t size)
{
	((void (*)(size_t, int))of_library("library_recurse"))(size, 40);
	__asm__ volatile("" : : : "memory");
}

static APART void call_other(void)
{
	((void (*)(size_t))of_library("library_call"))(2003);
	__asm__ volatile("" : : : "memory");
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 1;
	program_ready();
	open_library(argv[1]);
	call_at_once();
	dlclose(library);
	open_library(argv[2]);
	call_other();
	program_done();
	open_library(argv[3]);
	program_done();
	call_deep(2004);
	program_done();
	return 0;
}
