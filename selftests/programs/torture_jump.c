// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture_jump: a program like torture whose signal handlers leave malloc, realloc and free by
 * longjmp, at any moment, and it goes on; after some hundreds of these it leaves malloc by _exit.
 * Its allocator (leave_alloc.c) can stand that; glibc's would hold its lock for ever.
 *
 * What a call was about that has been left is nobody's: a block that may have been given or freed
 * is not touched again.  All others carry what they must hold, and are looked at before they go.
 */
#include <setjmp.h>
#include <sys/syscall.h>

#include "tortured.h"

#define SLOTS 64
#define JUMPS 100 /* from the start to the exit, whatever it execs meanwhile */

extern void *memalign(size_t align, size_t size);

static struct tortured_block *slots[SLOTS];
static __thread sigjmp_buf back;

/* The threads, and which call each is in (enum torture_call), 0 for none. */
static pid_t threads[TORTURE_THREADS];
static volatile sig_atomic_t call_of[TORTURE_THREADS];
static __thread volatile sig_atomic_t *within;

/* Nothing is held by who is here: no lock, no buffer, no half of anything. */
static void leave(int signal)
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

static struct tortured_block *swap(int slot, struct tortured_block *b)
{
	return __atomic_exchange_n(&slots[slot], b, __ATOMIC_ACQ_REL);
}

static size_t some_size(unsigned int *seed)
{
	return torture_next(seed) % 64 ? torture_next(seed) % 3000 : torture_next(seed) % 100000;
}

static void *allocate(unsigned int *seed, size_t size)
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

static struct tortured_block *resize(struct tortured_block *b, size_t size)
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

static void drop(struct tortured_block *b)
{
	*within = TORTURE_FREE;
	free(b);
	*within = 0;
}

/* Whatever lies in the slot is this thread's now, and may be lost in what is done with it. */
static void exchange(unsigned int *seed)
{
	int slot = torture_next(seed) % SLOTS;
	size_t size = some_size(seed);
	struct tortured_block *b = swap(slot, NULL);

	if (b)
		tortured_check(b);
	if (b && torture_next(seed) % 3 == 0)
		return drop(b);
	b = b ? resize(b, size) : allocate(seed, sizeof(*b) + size);
	if (!b)
		program_die("no memory");
	tortured_fill(b, size, torture_next(seed));
	b = swap(slot, b);
	if (b)
		drop(b);
}

/* From a jump it goes on where it began. */
static void *work(void *arg)
{
	unsigned long self = (unsigned long)arg;
	static __thread unsigned int seed;

	seed = tortured_seed * TORTURE_THREADS + self;
	within = &call_of[self];
	threads[self] = syscall(SYS_gettid);
	sigsetjmp(back, 0);
	for (;;) {
		tortured_turn(self);
		exchange(&seed);
		/* The others want a processor, too. */
		if (torture_next(&seed) % 16 == 0)
			usleep(1000);
	}
	return NULL;
}

/* The next one that is in a call: a thread is that most of the time, if it is traced. */
static pid_t who_is_within(unsigned int *seed)
{
	unsigned int first = torture_next(seed), i;

	for (i = first; i < first + TORTURE_THREADS; i++)
		if (call_of[i % TORTURE_THREADS])
			return threads[i % TORTURE_THREADS];
	return 0;
}

static void *prick(void *arg)
{
	unsigned int seed = tortured_seed;
	pid_t tid;

	setpriority(PRIO_PROCESS, syscall(SYS_gettid), 0);
	for (;;) {
		tid = who_is_within(&seed);
		if (tid)
			syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
		usleep(torture_next(&seed) % 2000);
	}
	return arg;
}

int main(int argc, char **argv)
{
	/* The handler is left at once, and may be interrupted by the next one. */
	const struct sigaction action = { .sa_handler = leave, .sa_flags = SA_NODEFER };
	pthread_t thread;

	tortured_begin(argc, argv);
	sigaction(SIGUSR1, &action, NULL);
	tortured_start(work);
	if (pthread_create(&thread, NULL, prick, NULL))
		program_die("pthread_create");
	tortured_serve();
}
