// SPDX-License-Identifier: GPL-2.0-only
/*
 * deep_open ONE TWO THREE: the first blocks of libraries that are opened a moment before.
 *
 * "go": ONE's constructor takes 2001 bytes, four threads at once 2010 each; it is closed and TWO
 * opened, which comes to the same place, takes 2002 in its constructor and 2003 later.  "deep":
 * THREE takes 2005 in its constructor, from a stack that is larger than what is copied of one.
 * "again": 2004 from the same, when THREE is known.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "program.h"

#define APART __attribute__((noipa))

void *program_take(size_t size);

/* Called by the libraries; the block is the caller's. */
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
