// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture SEED FD INDEX LIBRARY [again]: eight threads that stress an allocator until the program
 * is killed: blocks are passed between threads; fork, vfork and exec; libraries and allocators are
 * loaded and unloaded; children longjmp out of signal handlers that interrupted malloc, or exit in
 * them. See tortured.h for arguments and steps, and torture_jump.c for a program that does longjmp
 * itself.
 *
 * The content of each block is checked before it is freed or moved. The program exits with status 1
 * if a block has changed, which fails the test torture/torture.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tortured.h"

#define SLOTS 64

extern char **environ;
static struct tortured_block *slots[SLOTS];
static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t may_jump;

static struct tortured_block *make_block(struct tortured_block *old, unsigned int *seed)
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

/* Takes the block out of a slot, which makes it this thread's own, and puts another one in. */
static void exchange_block(unsigned int *seed)
{
	struct tortured_block **slot = &slots[torture_next(seed) % SLOTS];
	struct tortured_block *b = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);

	if (b)
		tortured_check(b);
	if (b && torture_next(seed) % 3 == 0) {
		free(b);
		return;
	}
	free(__atomic_exchange_n(slot, make_block(b, seed), __ATOMIC_ACQ_REL));
}

#define PAGE 4096UL
#ifndef MREMAP_DONTUNMAP /* before glibc 2.32 */
#define MREMAP_DONTUNMAP 4
#endif

static char *remap_pages(char *p, size_t old, size_t new, int flags)
{
	/* With MREMAP_DONTUNMAP, libc takes the new address, too. */
	char *q = mremap(p, old, new, flags, NULL);

	if (q == MAP_FAILED)
		program_die("mremap");
	return q;
}

/* Unmaps, moves or replaces a part of a mapping of three pages or more. Returns what is left. */
static char *change_mapping(char *p, size_t *size, unsigned int how)
{
	size_t middle = *size - 2 * PAGE;
	char *q;

	switch (how) {
	case 0: /* the middle, then the tail */
		if (munmap(p + PAGE, middle) || munmap(p + PAGE + middle, PAGE))
			program_die("munmap");
		*size = PAGE;
		break;
	case 1: /* the head, by a system call */
		if (syscall(SYS_munmap, p, PAGE))
			program_die("munmap");
		p += PAGE;
		*size -= PAGE;
		break;
	case 2:
		p = remap_pages(p, *size, 3 * *size, MREMAP_MAYMOVE);
		*size *= 3;
		break;
	case 3:
		remap_pages(p, *size, PAGE, 0);
		*size = PAGE;
		break;
	case 4: /* the tail is moved away */
		q = remap_pages(p + PAGE, *size - PAGE, *size, MREMAP_MAYMOVE);
		if (q == p + PAGE) {
			*size += PAGE;
		} else if (munmap(q, *size)) {
			program_die("munmap");
		} else {
			*size = PAGE;
		}
		break;
	case 5:
		if (mmap(p + PAGE, middle, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) != p + PAGE)
			program_die("mmap over a part");
		break;
	case 6:
		q = remap_pages(p, *size, *size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
		if (munmap(q, *size))
			program_die("munmap");
		break;
	default:
		break;
	}
	return p;
}

static void map_and_unmap(unsigned int *seed)
{
	size_t size = PAGE * (3 + torture_next(seed) % 8);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		program_die("mmap");
	p[size - 1] = 1;
	p = change_mapping(p, &size, torture_next(seed) % 8);
	if (munmap(p, size))
		program_die("munmap");
}

/* A child exits with status 0 or is killed, by its parent or at the end of the test. */
static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		program_die("waitpid");
	if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) {
		fprintf(stderr, "# a child ended with wait status 0x%x\n", status);
		_exit(1);
	}
}

/*
 * The handler of SIGALRM in a child. A longjmp out of the allocator leaves its locks held, which is
 * harmless here: the child has one thread and exits next.
 */
static void jump_or_exit(int signal)
{
	(void)signal;
	if (may_jump == 2)
		_exit(0);
	if (may_jump)
		siglongjmp(back, 1);
}

/*
 * The signal interrupts the child anywhere, most often in the allocator. The timer is periodic,
 * because a tracer that detaches from the child between the signal and its delivery discards it.
 */
static void leave_by_signal(unsigned int seed)
{
	const struct timeval often = { .tv_usec = 500 + torture_next(&seed) % 3000 };
	const struct itimerval timer = { .it_value = often, .it_interval = often };

	signal(SIGALRM, jump_or_exit);
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

static void allocate_some(void *handle)
{
	void *(*alloc)(size_t size) = (void *(*)(size_t))dlsym(handle, "malloc");
	void (*release)(void *block) = (void (*)(void *))dlsym(handle, "free");
	int i;

	for (i = 0; i < 20; i++)
		release(alloc(100));
}

/* An allocator, which the module finds and probes if it stays for long enough. */
static void use_allocator(unsigned int *seed)
{
	const char *slash = strrchr(tortured_library, '/');
	char path[300];
	void *handle;

	snprintf(path, sizeof(path), "%.*s/liblate_alloc.so", (int)(slash - tortured_library),
		 tortured_library);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		program_die(path);
	allocate_some(handle);
	if (torture_next(seed) % 4 == 0)
		usleep(torture_next(seed) % 900000);
	allocate_some(handle);
	dlclose(handle);
}

static void *run_thread(void *arg)
{
	unsigned long self = (unsigned long)arg;
	unsigned int seed = tortured_seed * TORTURE_THREADS + self, what;

	for (;; tortured_turn(self)) {
		what = torture_next(&seed) % 400;
		if (what == 0)
			have_child(&seed);
		else if (what < 4)
			load_and_unload();
		else if (what == 4)
			use_allocator(&seed);
		else if (what < 20)
			map_and_unmap(&seed);
		else
			exchange_block(&seed);
		/* Leave some CPU time to the other processes of the test. */
		if (what % 16 == 0)
			usleep(1000);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	tortured_begin(argc, argv);
	tortured_start(run_thread);
	tortured_serve();
}
