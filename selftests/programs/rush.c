// SPDX-License-Identifier: GPL-2.0-only
/*
 * rush LIBRARY MAPPINGS: two threads that call at once into a copy of LIBRARY that has come just
 * before, in the second step again and again, each time into a new one.  In the first they allocate
 * by themselves, so that nobody has to map memory for them afterwards.  It has so many other
 * mappings of code, so that to learn one takes a while.
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

/* Who waits here has a processor, and goes on at once. */
static void rendezvous(void)
{
	unsigned int all = arrived++ / THREADS * THREADS + THREADS;

	while (arrived < all)
		;
}

/* Once around for each "leak". */
static void *run(void *arg)
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
		rendezvous();
		leak();
	}
	return arg;
}

/* Every second page is code. */
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

/* No other file's: its pages, its probes and its mapping are new. */
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
		if (pthread_create(&thread, NULL, run, NULL))
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
