// SPDX-License-Identifier: GPL-2.0-only
/*
 * own [malloc]: a program with an allocator of its own (own_alloc.c or own_jump.c), which gets its
 * memory from another allocator.
 *
 * Steps, in this order:
 * 1. Keeps blocks from each function of the allocator, also from calls in libc.
 * 2. A signal handler that interrupts malloc allocates blocks and a mapping.
 * 3. Leaves malloc by longjmp and allocates more, deeper in the stack, where the return slot of the
 *    abandoned call has not been overwritten.
 *
 * With the argument "malloc", malloc and free are the only functions and step 1 the only one.
 *
 * Used by exact_own, as own_tail, own_calls, own_bare, own_library, own_next, own_static, own_jump.
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
	/* Larger than what the allocator has in reserve: the memory is mapped within the call. */
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

static void handle_signal(int sig)
{
	(void)sig;
	program_keep(malloc(600), 600);
	keep_copy(90);
	keep_mapping(3 << 12);
	free(malloc(610));
}

static void raise_signal(void)
{
	raise(SIGUSR1);
}

static APART void take_in_handler(void)
{
	signal(SIGUSR1, handle_signal);
	own_hook = raise_signal;
	program_keep(malloc(620), 620);
	program_keep(malloc(630), 630);
}

static jmp_buf out;

static void leave_by_jump(void)
{
	longjmp(out, 1);
}

static APART void abandon_call(void)
{
	void *volatile p;

	if (setjmp(out))
		return;
	own_hook = leave_by_jump;
	p = malloc(640);
	(void)p;
}

/* The return slot of the abandoned call is in this frame, which does not write to it. */
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
	abandon_call();
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
