// SPDX-License-Identifier: GPL-2.0-only
/*
 * toy CASE: a program with an allocator of its own (toy_alloc.c), which can be made to leave malloc
 * or realloc by a longjmp out of a signal handler at a chosen time, to call itself, and to make
 * tail calls. With glibc's allocator, a lock would remain held. Each case is described at its
 * function.
 *
 * toy_apart has the allocator in a library, toy_no_id has no build-id.
 *
 * Used by inflight, exact_edges, counters, frames, freeing, options and the tests of tool/.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "program.h"

#define PAGE 4096ul

extern volatile int toy_armed, toy_by_page, toy_maps, toy_nest, toy_forgets;
extern void (*volatile toy_hook)(void);
extern void *volatile toy_gives;
static sigjmp_buf way_out;

static void jump_out(int sig)
{
	(void)sig;
	siglongjmp(way_out, 1);
}

/* Starts a call of malloc or realloc that never returns. */
static __attribute__((noinline)) void abandon(void *p)
{
	if (sigsetjmp(way_out, 1))
		return;
	toy_armed = 1;
	p = p ? realloc(p, 3000) : malloc(111);
	program_die(p ? "came back" : "came back with nothing");
}

static __attribute__((noinline)) void keep_at_depth(int depth)
{
	volatile char frame[200];
	size_t size = 1000 + depth, i;

	for (i = 0; i < sizeof(frame); i++)
		frame[i] = 1;
	program_keep(malloc(size), size);
	if (depth)
		keep_at_depth(depth - 1);
	frame[0] = 2;
}

/* Has a hole in its frame, in which the stack of the abandoned call is not overwritten. */
static __attribute__((noinline)) void keep_over_a_hole(void)
{
	volatile char hole[8192];

	hole[0] = 1;
	program_keep(malloc(500), 500);
	hole[1] = 1;
}

/*
 * Overwrites the stack below the caller, also where the frames of the next calls happen to have a
 * hole. Other calls would do that sooner or later.
 */
static inline __attribute__((always_inline)) void use_the_stack(void)
{
#ifdef __x86_64__
	unsigned long words = 256, at;

	__asm__ volatile("lea -8(%%rsp), %1\n"
			 "1: movq $0, (%1)\n"
			 "sub $8, %1\n"
			 "dec %0\n"
			 "jnz 1b"
			 : "+r"(words), "=&r"(at)
			 :
			 : "memory", "cc");
#endif
}

/* A longjmp out of malloc, followed by allocations deeper in the stack. */
static void longjmp_deeper(void)
{
	abandon(NULL);
	use_the_stack();
	keep_at_depth(10);
}

/* A longjmp out of malloc, followed by an allocation at the same stack pointer. */
static void longjmp_same(void)
{
	int i;

	for (i = 0; i < 3; i++)
		abandon(NULL);
	use_the_stack();
	keep_at_depth(0);
}

static __attribute__((noinline)) void abandon_deeper(int depth)
{
	volatile char frame[300];

	frame[0] = 1;
	if (depth)
		abandon_deeper(depth - 1);
	else
		abandon(NULL);
	frame[1] = 1;
}

/* A longjmp out of malloc, followed by an allocation nearer to main. */
static void longjmp_shallower(void)
{
	abandon_deeper(8);
	program_keep(malloc(700), 700);
}

/* The return address of the abandoned call remains on the stack during the next allocation. */
static void longjmp_hole(void)
{
	abandon(NULL);
	keep_over_a_hole();
	program_keep(malloc(800), 800);
}

/* A block whose realloc was abandoned remains allocated. */
static void longjmp_realloc(void)
{
	void *p = malloc(300);

	program_keep(p, 300);
	abandon(p);
	use_the_stack();
	keep_at_depth(3);
	program_keep(malloc(400), 400);
}

static void abandon_here(void)
{
	abandon(NULL);
}

/* A longjmp out of a call within a realloc, which returns afterwards. */
static void longjmp_within(void)
{
	void *p = malloc(310), *q;

	toy_hook = abandon_here;
	q = realloc(p, 320);
	program_keep(q, 320);
}

/* Many abandoned calls must not accumulate state in the module. */
static void longjmp_often(void)
{
	int i;

	for (i = 0; i < 500; i++)
		abandon_deeper(i % 8);
	keep_at_depth(4);
}

/* The block that malloc returns is a mapping, which the program itself unmaps. */
static void munmap_of_malloc(void)
{
	void *p;

	toy_by_page = 1;
	p = malloc(2 * PAGE);
	toy_by_page = 0;
	program_keep(p, 2 * PAGE);
	if (munmap(p, 2 * PAGE))
		program_die("munmap");
}

/* The location for the block's address is not readable, and the allocator does not write to it. */
static void memalign_to_nowhere(void)
{
	void **nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *p = NULL;

	program_keep_as(nowhere, PAGE, "mmap");
	toy_forgets = 1;
	if (posix_memalign(nowhere, 64, 670))
		program_die("posix_memalign to nowhere");
	toy_forgets = 0;
	if (posix_memalign(&p, 64, 680))
		program_die("posix_memalign");
	program_keep(p, 680);
}

/* realloc(NULL, size) is a jump to malloc. */
static void tail_call(void)
{
	void *p = realloc(NULL, 64), *q = realloc(NULL, 128);

	program_keep(realloc(p, 256), 256);
	program_keep(q, 128);
}

/* malloc calls itself, deeper than the kernel's limit of nested return probes. */
static void nested_calls(void)
{
	int depth;

	for (depth = 1; depth <= 100; depth *= 10) {
		toy_nest = depth;
		program_keep(malloc(40 + depth), 40 + depth);
		toy_nest = 0;
	}
	program_keep(malloc(77), 77);
}

static int levels;

static void allocate_deeper(void)
{
	if (!levels--)
		return;
	toy_hook = allocate_deeper;
	program_keep(malloc(50), 50);
}

/* The program allocates within malloc, 70 levels deep. */
static void nested_hooks(void)
{
	levels = 70;
	allocate_deeper();
}

/* Ends a step within a call. */
static void pause_here(void)
{
	program_done();
}

/* Two steps: the first ends within a realloc, the second after it. */
static void paused_realloc(void)
{
	void *p = malloc(350), *q;

	program_keep(p, 350);
	program_keep(malloc(360), 360);
	toy_hook = pause_here;
	q = realloc(p, 450);
	program_drop(p);
	program_keep(q, 450);
}

static void paused_malloc(void)
{
	program_keep(malloc(370), 370);
	toy_hook = pause_here;
	program_keep(malloc(380), 380);
}

static void map_by_myself(void)
{
	void *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		program_die("mmap");
	program_keep_as(p, 3 * PAGE, "mmap");
}

/* The first step ends within a call that will map memory; its end is in the second step. */
static void mapping_malloc(void)
{
	void *volatile p;

	toy_hook = pause_here;
	toy_maps = 1;
	p = malloc(390);
	(void)p;
	map_by_myself();
}

static void mapping_realloc(void)
{
	void *volatile p = malloc(395);

	toy_hook = pause_here;
	toy_maps = 1;
	p = realloc(p, 396);
	map_by_myself();
}

/* The same, but a signal handler within that call ends the step and maps memory of its own. */
static void map_in_handler(int sig)
{
	(void)sig;
	program_done();
	map_by_myself();
}

static void mapping_handler(void)
{
	void *volatile p;

	signal(SIGUSR1, map_in_handler);
	toy_armed = 1;
	toy_maps = 1;
	p = malloc(397);
	(void)p;
}

static void allocate_in_handler(int sig)
{
	(void)sig;
	program_keep(malloc(600), 600);
	program_keep(malloc(610), 610);
	free(malloc(620));
}

/* A handler that interrupts malloc allocates. */
static void signal_allocates(void)
{
	signal(SIGUSR1, allocate_in_handler);
	toy_armed = 1;
	program_keep(malloc(630), 630);
	program_keep(malloc(640), 640);
}

static void *taken;

static void give_what_is_taken(void)
{
	toy_gives = taken;
	program_keep(malloc(660), 660);
}

/* A realloc fails after its block has been returned by another call of malloc. */
static void given_twice(void)
{
	taken = malloc(655);
	toy_hook = give_what_is_taken;
	program_fail(realloc(taken, PROGRAM_TOO_BIG));
}

static pid_t child;

static void fork_here(void)
{
	child = fork();
}

/* A fork within malloc, which returns in both processes. */
static void forked_within(void)
{
	int status;
	void *p;

	toy_hook = fork_here;
	p = malloc(650);
	if (!child) {
		free(malloc(10));
		_exit(p ? 0 : 1);
	}
	if (waitpid(child, &status, 0) != child || status)
		program_die("the child failed");
	program_keep(p, 650);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "longjmp_deeper", longjmp_deeper },
	{ "longjmp_same", longjmp_same },
	{ "longjmp_shallower", longjmp_shallower },
	{ "longjmp_hole", longjmp_hole },
	{ "longjmp_realloc", longjmp_realloc },
	{ "longjmp_within", longjmp_within },
	{ "longjmp_often", longjmp_often },
	{ "munmap_of_malloc", munmap_of_malloc },
	{ "memalign_to_nowhere", memalign_to_nowhere },
	{ "tail_call", tail_call },
	{ "nested", nested_calls },
	{ "hooks", nested_hooks },
	{ "paused_realloc", paused_realloc },
	{ "paused_malloc", paused_malloc },
	{ "mapping_malloc", mapping_malloc },
	{ "mapping_realloc", mapping_realloc },
	{ "mapping_handler", mapping_handler },
	{ "signal_allocates", signal_allocates },
	{ "given_twice", given_twice },
	{ "forked_within", forked_within },
};

int main(int argc, char **argv)
{
	size_t i;

	signal(SIGUSR1, jump_out);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc != 2 || strcmp(cases[i].name, argv[1]))
			continue;
		program_ready();
		cases[i].run();
		program_done();
		return 0;
	}
	return 1;
}
