// SPDX-License-Identifier: GPL-2.0-only
/*
 * elsewhere CASE LIBRARY: an allocator that was mapped at the attach is mapped at another address
 * later. First step: loads a second libc ("second_libc"), or unloads LIBRARY and loads it again
 * ("reopened_library"). Second step: allocates there; in the case "second_libc_in_a_crowd" while
 * another thread holds the lock of the memory map most of the time.
 *
 * Used by exact_edges.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "program.h"

static const char *library;
static void *handle;

/* The functions of the allocator at the new address. */
static struct {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t n, size_t size);
	void *(*realloc)(void *p, size_t size);
	void (*free)(void *p);
} there;

static void find_in(void *opened)
{
	handle = opened;
	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		_exit(1);
	}
	*(void **)&there.malloc = dlsym(handle, "malloc");
	*(void **)&there.calloc = dlsym(handle, "calloc");
	*(void **)&there.realloc = dlsym(handle, "realloc");
	*(void **)&there.free = dlsym(handle, "free");
}

static void second_libc(void)
{
	find_in(dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW));
}

/* RTLD_DEEPBIND: the library's calls of its own functions must not lead to those of libc. */
static void open_library(void)
{
	find_in(dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND));
}

/* Maps something else at the old address, so that the library gets another one. */
static void reopened_library(void)
{
	uintptr_t was = (uintptr_t)there.malloc;

	dlclose(handle);
	if (mmap((void *)(was & -4096ul), 4096, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		program_die("mmap");
	open_library();
	if ((uintptr_t)there.malloc == was)
		program_die("the library was mapped at its old address");
}

#define CROWD (64ul << 20)

static pthread_barrier_t gathered;

static void *change_mapping(void *p)
{
	size_t i;

	madvise(p, CROWD, MADV_NOHUGEPAGE);
	for (i = 0; i < CROWD; i += 4096)
		((char *)p)[i] = 1;
	pthread_barrier_wait(&gathered);
	for (;;) {
		mprotect(p, CROWD, PROT_READ);
		mprotect(p, CROWD, PROT_READ | PROT_WRITE);
	}
	return p;
}

static void start_crowd(void)
{
	void *p = mmap(NULL, CROWD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	pthread_barrier_init(&gathered, NULL, 2);
	if (p == MAP_FAILED || pthread_create(&thread, NULL, change_mapping, p))
		program_die("the crowd");
	pthread_barrier_wait(&gathered);
}

/* Of nested calls, and of calls that map memory themselves, only the outermost one counts. */
static void allocate_there(void)
{
	program_keep(there.malloc(100), 100);
	program_keep(there.calloc(3, 100000), 300000);
	program_keep(there.realloc(there.malloc(200), 400000), 400000);
	there.free(there.malloc(500000));
}

int main(int argc, char **argv)
{
	bool reopens = argc == 3 && !strcmp(argv[1], "reopened_library");

	if (argc != 3)
		return 1;
	library = argv[2];
	if (reopens)
		open_library();
	program_ready();
	if (reopens)
		reopened_library();
	else
		second_libc();
	if (!strcmp(argv[1], "second_libc_in_a_crowd"))
		start_crowd();
	program_print_kept();
	program_step();
	allocate_there();
	program_done();
	return 0;
}
