// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture_jump SEED FD INDEX LIBRARY [again]: as torture.c, but with signal handlers that leave
 * malloc, realloc and free by longjmp at any instruction, after which the thread continues; each
 * 100th time the handler calls _exit() instead. The allocator (leave_alloc.c) has no locks that
 * would remain held, as glibc's would. torture_jump_apart has it in a library.
 *
 * A block that such a call was about is not used again, because it may have been allocated or freed
 * already. The content of all other blocks is checked before they are freed or moved. See
 * tortured.h for arguments and steps. Used by torture/torture.
 */
#include <setjmp.h>
#include <sys/syscall.h>

#include "tortured.h"

#define SLOTS 64
#define JUMPS 100 /* from the start to the exit; an exec in between does not reset the count */

extern void *memalign(size_t align, size_t size);

static struct tortured_block *slots[SLOTS];
static __thread sigjmp_buf back;

/* The threads, and the call that each is in (enum torture_call, 0: none). */
static pid_t threads[TORTURE_THREADS];
static volatile sig_atomic_t call_of[TORTURE_THREADS];
static __thread volatile sig_atomic_t *within;

/*
 * The handler of SIGUSR1: leaves the interrupted call of the allocator, if there is one. The
 * interrupted thread holds no lock and has no half-written data structure.
 */
static void leave_call(int signal)
{
	int call = *within;

	(void)signal;
	if (!call)
		return;
	*within = 0;
	torture->jumps[call]++;
	if (++torture->jumps_of[tortured_place] % JUMPS == 0 && !torture->over &&
	    torture_may_end(torture, tortured_place))
		_exit(TORTURE_EXIT);
	siglongjmp(back, 1);
}

static struct tortured_block *swap_block(int slot, struct tortured_block *b)
{
	return __atomic_exchange_n(&slots[slot], b, __ATOMIC_ACQ_REL);
}

static size_t some_size(unsigned int *seed)
{
	return torture_next(seed) % 64 ? torture_next(seed) % 3000 : torture_next(seed) % 100000;
}

static void *allocate_block(unsigned int *seed, size_t size)
{
	unsigned int how = torture_next(seed) % 8;
	void *p = NULL;

	*within = TORTURE_MALLOC;
	if (how == 0)
		p = memalign(64 << torture_next(seed) % 5, size);
	else if (how == 1)
		p = calloc(1, size);
	else if (how > 2 || posix_memalign(&p, 256, size))
		p = malloc(size);
	*within = 0;
	return p;
}

static struct tortured_block *resize_block(struct tortured_block *b, size_t size)
{
	size_t had = b->size, i;
	unsigned char fill = b->fill;

	*within = TORTURE_REALLOC;
	b = realloc(b, sizeof(*b) + size);
	*within = 0;
	for (i = 0; b && i < had && i < size; i++)
		if (b->bytes[i] != fill)
			program_die("realloc has changed a block");
	return b;
}

static void drop_block(struct tortured_block *b)
{
	*within = TORTURE_FREE;
	free(b);
	*within = 0;
}

/* Takes the block out of a slot, which makes it this thread's own; it is lost if a call is left. */
static void exchange_block(unsigned int *seed)
{
	int slot = torture_next(seed) % SLOTS;
	size_t size = some_size(seed);
	struct tortured_block *b = swap_block(slot, NULL);

	if (b)
		tortured_check(b);
	if (b && torture_next(seed) % 3 == 0)
		return drop_block(b);
	b = b ? resize_block(b, size) : allocate_block(seed, sizeof(*b) + size);
	if (!b)
		program_die("no memory");
	tortured_fill(b, size, torture_next(seed));
	b = swap_block(slot, b);
	if (b)
		drop_block(b);
}

/* A jump returns to the sigsetjmp(). */
static void *run_thread(void *arg)
{
	unsigned long self = (unsigned long)arg;
	static __thread unsigned int seed;

	seed = tortured_seed * TORTURE_THREADS + self;
	within = &call_of[self];
	threads[self] = syscall(SYS_gettid);
	sigsetjmp(back, 0);
	for (;;) {
		tortured_turn(self);
		exchange_block(&seed);
		/* Leave some CPU time to the other processes of the test. */
		if (torture_next(&seed) % 16 == 0)
			usleep(1000);
	}
	return NULL;
}

/*
 * Returns the TID of a thread that is in a call of the allocator, as most are while traced, or 0.
 */
static pid_t find_thread_in_call(unsigned int *seed)
{
	unsigned int first = torture_next(seed), i;

	for (i = first; i < first + TORTURE_THREADS; i++)
		if (call_of[i % TORTURE_THREADS])
			return threads[i % TORTURE_THREADS];
	return 0;
}

static void *send_signals(void *arg)
{
	unsigned int seed = tortured_seed;
	pid_t tid;

	setpriority(PRIO_PROCESS, syscall(SYS_gettid), 0);
	for (;;) {
		tid = find_thread_in_call(&seed);
		if (tid)
			syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
		usleep(torture_next(&seed) % 2000);
	}
	return arg;
}

int main(int argc, char **argv)
{
	/* SA_NODEFER, because the handler is left by longjmp without restoring the signal mask. */
	const struct sigaction action = { .sa_handler = leave_call, .sa_flags = SA_NODEFER };
	pthread_t thread;

	tortured_begin(argc, argv);
	sigaction(SIGUSR1, &action, NULL);
	tortured_start(run_thread);
	if (pthread_create(&thread, NULL, send_signals, NULL))
		program_die("pthread_create");
	tortured_serve();
}
