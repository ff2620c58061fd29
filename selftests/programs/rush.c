// SPDX-License-Identifier: GPL-2.0-only
/*
 * rush LIBRARY MAPPINGS: two threads that allocate at the same time in a library that was just
 * loaded, so that both make the module learn the same mapping.
 *
 * First step: the threads allocate and free, so that malloc needs no more memory from the kernel
 * afterwards. Second step: ROUNDS times, a new copy of LIBRARY is loaded and both threads call it.
 * The process has MAPPINGS other executable mappings, so that learning one takes a while.
 *
 * Used by races and limits.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "program.h"

#define THREADS 2
#define ROUNDS 60

static pthread_barrier_t barrier;
static void (*leak)(void);
static _Atomic unsigned int arrived;

/* Busy waiting, so that both threads run on a CPU when they continue. */
static void meet_other_thread(void)
{
	unsigned int all = arrived++ / THREADS * THREADS + THREADS;

	while (arrived < all)
		;
}

/* After the first step, calls leak() between each two barriers. */
static void *run_thread(void *arg)
{
	void *p[ROUNDS + 1];
	int i;

	pthread_barrier_wait(&barrier);
	for (i = 0; i <= ROUNDS; i++)
		p[i] = malloc(8000);
	while (i--)
		free(p[i]);
	for (;;) {
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		meet_other_thread();
		leak();
	}
	return arg;
}

/* Every second page is executable. */
static void have_mappings(int nr)
{
	char *p = mmap(NULL, nr * 2 * 4096ul, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (p == MAP_FAILED)
		program_die("mmap");
	for (i = 0; i < nr; i++)
		if (mprotect(p + i * 2 * 4096ul, 4096, PROT_READ | PROT_EXEC))
			program_die("mprotect");
}

/* A new file each time, of which no page, probe or mapping exists before. */
static void open_copy(const char *library)
{
	int from = open(library, O_RDONLY), to = memfd_create("library", 0);
	char path[64];
	struct stat st;
	void *handle;

	if (from < 0 || to < 0 || fstat(from, &st) ||
	    sendfile(to, from, NULL, st.st_size) != st.st_size)
		program_die("the copy");
	close(from);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", to);
	handle = dlopen(path, RTLD_NOW);
	*(void **)&leak = handle ? dlsym(handle, "leak_in_library") : NULL;
	if (!leak)
		program_die("dlopen");
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int i;

	if (argc != 3)
		return 1;
	have_mappings(atoi(argv[2]));
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, run_thread, NULL))
			program_die("pthread_create");
	program_ready();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	program_done();
	for (i = 0; i < ROUNDS; i++) {
		open_copy(argv[1]);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	program_done();
	return 0;
}
