// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture: eight threads that do all that allocators have to suffer, for ever: blocks given from
 * thread to thread, fork, vfork and exec, libraries loaded and gone, longjmp out of signal handlers
 * that came in the middle of a malloc, and children that exit in there.  See tortured.h for its
 * arguments, and torture_jump.c for one that longjmps by itself.
 *
 * Each block carries what it must hold and is looked at before it goes; whoever finds another thing
 * ends the program with status 1, which the test sees.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <spawn.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tortured.h"

#define SLOTS 64

extern char **environ;
static struct tortured_block *slots[SLOTS];
static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t may_jump;

static struct tortured_block *make(struct tortured_block *old, unsigned int *seed)
{
	size_t size = torture_next(seed) % 16 ? torture_next(seed) % 3000 :
						200000 + torture_next(seed) % 100000;
	struct tortured_block *b = old ? realloc(old, sizeof(*b) + size) :
					 malloc(sizeof(*b) + size);

	if (!b)
		program_die("malloc");
	tortured_fill(b, size, torture_next(seed));
	return b;
}

/* Whatever lies in the slot is this thread's now. */
static void exchange(unsigned int *seed)
{
	struct tortured_block **slot = &slots[torture_next(seed) % SLOTS];
	struct tortured_block *b = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);

	if (b)
		tortured_check(b);
	if (b && torture_next(seed) % 3 == 0) {
		free(b);
		return;
	}
	free(__atomic_exchange_n(slot, make(b, seed), __ATOMIC_ACQ_REL));
}

static void map_and_unmap(unsigned int *seed)
{
	size_t size = 4096 * (1 + torture_next(seed) % 8);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		program_die("mmap");
	p[size - 1] = 1;
	if (munmap(p, size))
		program_die("munmap");
}

/* Only its parent, or the end of all, kills a child. */
static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		program_die("waitpid");
	if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) {
		fprintf(stderr, "# a child came to harm: 0x%x\n", status);
		_exit(1);
	}
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

/*
 * The signal comes at any moment, in the middle of an allocator most of the time.  And it comes
 * again: a tracer that lets go of a child between the signal and its delivery takes it away.
 */
static void leave_by_signal(unsigned int seed)
{
	const struct timeval often = { .tv_usec = 500 + torture_next(&seed) % 3000 };
	const struct itimerval timer = { .it_value = often, .it_interval = often };

	signal(SIGALRM, jump);
	may_jump = 1 + torture_next(&seed) % 2;
	if (!sigsetjmp(back, 1)) {
		setitimer(ITIMER_REAL, &timer, NULL);
		for (;;)
			free(realloc(malloc(torture_next(&seed) % 500), 700));
	}
	_exit(0);
}

static void have_child(unsigned int *seed)
{
	unsigned int how = torture_next(seed) % 4, i;
	char *argv[] = { "true", NULL };
	pid_t pid;

	if (how == 0) {
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ))
			program_die("posix_spawn");
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
	if (how == 3 && torture_next(seed) % 2)
		kill(pid, SIGKILL);
	wait_for(pid);
}

static void load_and_unload(void)
{
	void *handle = dlopen(tortured_library, RTLD_NOW);
	void (*leak)(void) = handle ? (void (*)(void))dlsym(handle, "leak_in_library") : NULL;

	if (leak)
		leak();
	if (handle)
		dlclose(handle);
}

static void *work(void *arg)
{
	unsigned long self = (unsigned long)arg;
	unsigned int seed = tortured_seed * TORTURE_THREADS + self, what;

	for (;; tortured_turn(self)) {
		what = torture_next(&seed) % 400;
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

int main(int argc, char **argv)
{
	tortured_begin(argc, argv);
	tortured_start(work);
	tortured_serve();
}
