// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture SEED [LIBRARY]: eight threads that do all that allocators have to
 * suffer, for ever: blocks given from thread to thread, fork, vfork and exec,
 * libraries loaded and gone, longjmp out of signal handlers that came in the
 * middle of a malloc, and children that exit in there.
 *
 * Each block carries what it must hold and is looked at before it goes; whoever
 * finds another thing ends the program with status 1, which the test sees.  A
 * line "turns" is answered as soon as each thread has gone on; "end" ends it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "leaker.h"

#define THREADS 8
#define SLOTS 64

struct block {
	size_t size;
	unsigned char fill, bytes[];
};

extern char **environ;
static struct block *_Atomic slots[SLOTS];
static _Atomic unsigned long turns[THREADS];
static const char *library;
static unsigned int first_seed;
static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t may_jump;

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void check(const struct block *b)
{
	size_t i;

	for (i = 0; i < b->size; i++)
		if (b->bytes[i] != b->fill)
			leaker_die("a block has changed");
}

static struct block *make(struct block *old, unsigned int *seed)
{
	size_t size = next(seed) % 16 ? next(seed) % 3000 : 200000 + next(seed) % 100000;
	struct block *b = old ? realloc(old, sizeof(*b) + size) : malloc(sizeof(*b) + size);

	if (!b)
		leaker_die("malloc");
	b->size = size;
	b->fill = next(seed);
	memset(b->bytes, b->fill, size);
	return b;
}

/* Whatever lies in the slot is this thread's now. */
static void exchange(unsigned int *seed)
{
	struct block *_Atomic *slot = &slots[next(seed) % SLOTS];
	struct block *b = __atomic_exchange_n((struct block **)slot, NULL, __ATOMIC_ACQ_REL);

	if (b)
		check(b);
	if (b && next(seed) % 3 == 0) {
		free(b);
		return;
	}
	b = make(b, seed);
	b = __atomic_exchange_n((struct block **)slot, b, __ATOMIC_ACQ_REL);
	free(b);
}

static void map_and_unmap(unsigned int *seed)
{
	size_t size = 4096 * (1 + next(seed) % 8);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		leaker_die("mmap");
	p[size - 1] = 1;
	if (munmap(p, size))
		leaker_die("munmap");
}

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || (status && !WIFSIGNALED(status)))
		leaker_die("a child came to harm");
}

/*
 * In a child no lock of the allocator is to be trusted after a longjmp out of it, but a child has
 * one thread, and it is thrown away.
 */
static void jump(int signal)
{
	(void)signal;
	if (may_jump == 2)
		_exit(0);
	if (may_jump)
		siglongjmp(back, 1);
}

/* The signal comes at any moment, in the middle of an allocator most of the time. */
static void leave_by_signal(unsigned int seed)
{
	const struct timeval often = { .tv_usec = 500 + next(&seed) % 3000 };
	const struct itimerval timer = { .it_value = often };

	signal(SIGALRM, jump);
	may_jump = 1 + next(&seed) % 2;
	if (!sigsetjmp(back, 1)) {
		setitimer(ITIMER_REAL, &timer, NULL);
		for (;;)
			free(realloc(malloc(next(&seed) % 500), 700));
	}
	_exit(0);
}

static void have_child(unsigned int *seed)
{
	unsigned int how = next(seed) % 4, i;
	char *argv[] = { "true", NULL };
	pid_t pid;

	if (how == 0) {
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ))
			leaker_die("posix_spawn");
		wait_for(pid);
		return;
	}
	pid = fork();
	if (!pid && how == 1)
		leave_by_signal(*seed);
	if (!pid && how == 2)
		execv("/bin/true", argv);
	for (i = 0; !pid && i < 20; i++)
		free(malloc(i * 100));
	if (!pid)
		_exit(0);
	if (how == 3 && next(seed) % 2)
		kill(pid, SIGKILL);
	wait_for(pid);
}

static void load_and_unload(void)
{
	void *handle = library ? dlopen(library, RTLD_NOW) : NULL;
	void (*leak)(void) = handle ? (void (*)(void))dlsym(handle, "leak_in_library") : NULL;

	if (leak)
		leak();
	if (handle)
		dlclose(handle);
}

static void *work(void *arg)
{
	unsigned long self = (unsigned long)arg;
	unsigned int seed = first_seed * THREADS + self, what;

	for (;; turns[self]++) {
		what = next(&seed) % 400;
		if (what == 0)
			have_child(&seed);
		else if (what < 4)
			load_and_unload();
		else if (what < 20)
			map_and_unmap(&seed);
		else
			exchange(&seed);
		/* The others want a processor, too. */
		if (what % 16 == 0)
			usleep(1000);
	}
	return NULL;
}

static void wait_for_turns(void)
{
	unsigned long before[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		before[i] = turns[i];
	for (i = 0; i < THREADS; i++)
		while (turns[i] < before[i] + 2)
			usleep(1000);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long i;

	if (argc < 2)
		return 1;
	first_seed = atoi(argv[1]);
	library = argc > 2 ? argv[2] : NULL;
	leaker_ready();
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, (void *)i))
			leaker_die("pthread_create");
	for (;;) {
		wait_for_turns();
		if (leaker_done() == 'e')
			_exit(0);
	}
}
