// SPDX-License-Identifier: GPL-2.0-only
/*
 * own [malloc]: a program with an allocator of its own (own_alloc.c), which takes memory from
 * another one.
 *
 * "go": blocks from each of its functions, also by functions of the C library.  "signal": a handler
 * that interrupts malloc has blocks and a mapping of its own.  "jump": malloc is left by longjmp,
 * and more are taken deeper in the stack, where its return slot has not been overwritten.  With
 * "malloc" there are no other functions, and no such steps.
 */
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "program.h"

#define APART __attribute__((noipa))
#define LARGE (1ul << 20)

extern void (*volatile own_hook)(void);

static APART void keep_copy(size_t size)
{
	char text[512];

	memset(text, 'x', sizeof(text));
	text[size - 1] = 0;
	program_keep(strdup(text), size);
}

static APART void take_by_others(void)
{
	void *p;

	program_keep(calloc(10, 70), 700);
	program_keep(realloc(malloc(40), 50), 50);
	program_keep(realloc(NULL, 60), 60);
	program_keep(aligned_alloc(64, 128), 128);
	program_keep(memalign(128, 200), 200);
	if (posix_memalign(&p, 64, 300))
		program_die("posix_memalign");
	program_keep(p, 300);
}

static APART void take_each(bool others)
{
	int i;

	for (i = 0; i < 10; i++) {
		program_keep(malloc(1000), 1000);
		free(malloc(500));
		keep_copy(80);
		if (others)
			take_by_others();
	}
	/* Larger than what an allocator has at hand: the memory is mapped within the call. */
	program_keep(malloc(LARGE), LARGE);
	free(malloc(LARGE));
	program_fail(malloc(PROGRAM_TOO_BIG));
}

static APART void keep_mapping(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		program_die("mmap");
	program_keep_as(p, size, "mmap");
}

static void handle(int sig)
{
	(void)sig;
	program_keep(malloc(600), 600);
	keep_copy(90);
	keep_mapping(3 << 12);
	free(malloc(610));
}

static void interrupt(void)
{
	raise(SIGUSR1);
}

static APART void take_in_handler(void)
{
	signal(SIGUSR1, handle);
	own_hook = interrupt;
	program_keep(malloc(620), 620);
	program_keep(malloc(630), 630);
}

static jmp_buf out;

static void jump(void)
{
	longjmp(out, 1);
}

static APART void abandon(void)
{
	void *volatile p;

	if (setjmp(out))
		return;
	own_hook = jump;
	p = malloc(640);
	(void)p;
}

/* What the abandoned call has left on the stack lies in this frame. */
static APART void take_over_a_hole(void)
{
	volatile char hole[8192];

	hole[0] = 1;
	program_keep(malloc(650), 650);
	keep_copy(100);
	keep_mapping(5 << 12);
	hole[1] = 1;
}

static APART void take_after_jump(void)
{
	abandon();
	take_over_a_hole();
	program_keep(malloc(660), 660);
}

int main(int argc, char **argv)
{
	bool others = argc == 1 || strcmp(argv[1], "malloc");

	program_ready();
	take_each(others);
	program_done();
	if (!others)
		return 0;
	take_in_handler();
	program_done();
	take_after_jump();
	program_done();
	return 0;
}
