// SPDX-License-Identifier: GPL-2.0-only
/*
 * toy CASE: a program with an allocator of its own (toy_alloc.c), which can be
 * made to jump out of malloc or realloc through a signal handler at a chosen
 * moment, to nest and to call in tail position.  glibc's own would be left with
 * its lock held.
 *
 * The cases are told at their functions.
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

static void jump(int sig)
{
	(void)sig;
	siglongjmp(way_out, 1);
}

/* A call of malloc or realloc that is never returned from. */
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

/* The stack of the abandoned call is not written on by what comes after it. */
static __attribute__((noinline)) void keep_over_a_hole(void)
{
	volatile char hole[8192];

	hole[0] = 1;
	program_keep(malloc(500), 500);
	hole[1] = 1;
}

/*
 * What other calls would do by and by: the stack below the caller is written
 * on, also where the frames that come next happen to leave a hole.
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

/* Followed by one at the same depth, whose stack pointer is the same. */
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

/* Followed by one nearer to main. */
static void longjmp_shallower(void)
{
	abandon_deeper(8);
	program_keep(malloc(700), 700);
}

/* Where the return address of the abandoned call still stands in the stack. */
static void longjmp_hole(void)
{
	abandon(NULL);
	keep_over_a_hole();
	program_keep(malloc(800), 800);
}

/* A block whose realloc was abandoned is still a block. */
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

/* Out of a call that another one has made, which returns then. */
static void longjmp_within(void)
{
	void *p = malloc(310), *q;

	toy_hook = abandon_here;
	q = realloc(p, 320);
	program_keep(q, 320);
}

/* Over and over: nothing may pile up. */
static void longjmp_often(void)
{
	int i;

	for (i = 0; i < 500; i++)
		abandon_deeper(i % 8);
	keep_at_depth(4);
}

/* The block of an allocator is a mapping, which the program unmaps by itself. */
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

/* Nobody can read the place for the block's address, and the allocator does not write there. */
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

static void tail_call(void)
{
	void *p = realloc(NULL, 64), *q = realloc(NULL, 128);

	program_keep(realloc(p, 256), 256);
	program_keep(q, 128);
}

/* malloc that calls itself, deeper than the kernel's return probes go. */
static void nested(void)
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

/* The program's own calls within calls, 70 of them. */
static void hooks(void)
{
	levels = 70;
	allocate_deeper();
}

/* The end of a step in the middle of a call. */
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

/* The first step ends within a call that will map memory, the second is without it. */
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

/* The same, and within that call a signal handler maps something of its own. */
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

static void allocate(int sig)
{
	(void)sig;
	program_keep(malloc(600), 600);
	program_keep(malloc(610), 610);
	free(malloc(620));
}

/* A handler that interrupts malloc has allocations of its own. */
static void signal_allocates(void)
{
	signal(SIGUSR1, allocate);
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

/* A realloc fails, whose block has been given to somebody else meanwhile. */
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

/* Both come back from the malloc in which one became two. */
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
		program_die("the child came to harm");
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
	{ "nested", nested },
	{ "hooks", hooks },
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

	signal(SIGUSR1, jump);
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
