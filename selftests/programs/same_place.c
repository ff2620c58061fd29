// SPDX-License-Identifier: GPL-2.0-only
/*
 * same_place: allocates from frames that have the same stack pointer and pc while the frames
 * outside of them differ. A tracer that remembers stacks by place must not mix them up.
 *
 * Steps, each of NR_ROUNDS rounds:
 *	callers	two callers of one function in turn: blocks of 1001 and 1002 bytes
 *	outer	the same, with the difference three frames further out: 2001 and 2002
 *	pointer	two callers in turn, of code with frame pointers and without unwind data, which
 *		differ in their caller's frame: 3001 and 3002
 *	threads	threads one after another with the same stack, of two functions: 4001 and 4002
 *	flip	blocks of 5001 bytes, while another thread changes the return address of an outer
 *		frame, which does not return meanwhile, between two functions
 *	end	exits
 *
 * Blocks are counted and not printed. Used by stacks_remembered.
 */
#include <pthread.h>

#include "program.h"

#define NR_ROUNDS 200
#define NR_FLIPPED 5000
#define NAMED __attribute__((noinline, noclone, used))
#define NO_TAIL_CALL __asm__ volatile("" : : : "memory")

static volatile unsigned long *flipped;
static unsigned long flip_between[2];
static volatile int stop_flipping;

static NAMED void allocate_block(size_t size)
{
	void *p = malloc(size);

	if (!p)
		program_die("malloc");
	program_keep_uncounted(p, size);
	NO_TAIL_CALL;
}

static NAMED void call_from_one(size_t size)
{
	allocate_block(size);
	NO_TAIL_CALL;
}

static NAMED void call_from_two(size_t size)
{
	allocate_block(size);
	NO_TAIL_CALL;
}

static NAMED void call_allocate_block(size_t size)
{
	allocate_block(size);
	NO_TAIL_CALL;
}

static NAMED void call_through(size_t size)
{
	call_allocate_block(size);
	NO_TAIL_CALL;
}

static NAMED void call_from_outer_one(size_t size)
{
	call_through(size);
	NO_TAIL_CALL;
}

static NAMED void call_from_outer_two(size_t size)
{
	call_through(size);
	NO_TAIL_CALL;
}

/* Functions with frame pointers and without unwind data. The inner one calls allocate_block(). */
NAMED void pointer_one(size_t size);
NAMED void pointer_two(size_t size);
/* clang-format off */
__asm__(".text\n"
	"pointer_leaf:\n"
	"	push	%rbp\n"
	"	mov	%rsp, %rbp\n"
	"	call	allocate_block\n"
	"	pop	%rbp\n"
	"	ret\n"
	"pointer_one:\n"
	"	push	%rbp\n"
	"	mov	%rsp, %rbp\n"
	"	call	pointer_leaf\n"
	"	pop	%rbp\n"
	"	ret\n"
	"pointer_two:\n"
	"	push	%rbp\n"
	"	mov	%rsp, %rbp\n"
	"	call	pointer_leaf\n"
	"	pop	%rbp\n"
	"	ret\n");
/* clang-format on */

static NAMED void *run_thread_one(void *unused)
{
	allocate_block(4001);
	NO_TAIL_CALL;
	return unused;
}

static NAMED void *run_thread_two(void *unused)
{
	allocate_block(4002);
	NO_TAIL_CALL;
	return unused;
}

/* glibc gives the next thread the stack of the last one. */
static void run_threads(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < NR_ROUNDS; i++) {
		if (pthread_create(&thread, NULL, i % 2 ? run_thread_two : run_thread_one, NULL))
			program_die("pthread_create");
		pthread_join(thread, NULL);
	}
}

static void *flip_return(void *unused)
{
	unsigned int i;

	while (!stop_flipping)
		for (i = 0; i < 2; i++)
			*flipped = flip_between[i];
	return unused;
}

static NAMED void allocate_while_flipped(unsigned long *slot)
{
	pthread_t thread;
	int i;

	flip_between[0] = *slot;
	flipped = slot;
	stop_flipping = 0;
	if (pthread_create(&thread, NULL, flip_return, NULL))
		program_die("pthread_create");
	for (i = 0; i < NR_FLIPPED; i++)
		allocate_block(5001);
	stop_flipping = 1;
	pthread_join(thread, NULL);
	*slot = flip_between[0];
}

/* The first call notes its return address; the second one has it changed between both. */
static NAMED void flipped_frame(void)
{
	unsigned long *slot = (unsigned long *)__builtin_frame_address(0) + 1;

	if (flip_between[1])
		allocate_while_flipped(slot);
	else
		flip_between[1] = *slot;
	NO_TAIL_CALL;
}

static NAMED void flip_one(void)
{
	flipped_frame();
	NO_TAIL_CALL;
}

static NAMED void flip_two(void)
{
	flipped_frame();
	NO_TAIL_CALL;
}

static void run_step(char step)
{
	int i;

	for (i = 0; i < NR_ROUNDS; i++) {
		if (step == 'c')
			(i % 2 ? call_from_two : call_from_one)(1001 + i % 2);
		else if (step == 'o')
			(i % 2 ? call_from_outer_two : call_from_outer_one)(2001 + i % 2);
		else if (step == 'p')
			(i % 2 ? pointer_two : pointer_one)(3001 + i % 2);
	}
	if (step == 't')
		run_threads();
	if (step == 'f') {
		flip_one();
		flip_two();
	}
}

static void *do_nothing(void *unused)
{
	return unused;
}

int main(void)
{
	pthread_t thread;
	char step;

	/* The first thread allocates memory, which later ones use again. */
	if (pthread_create(&thread, NULL, do_nothing, NULL))
		program_die("pthread_create");
	pthread_join(thread, NULL);
	program_say("ready %d\n", (int)getpid());
	for (step = program_step(); step != 'e'; step = program_done())
		run_step(step);
	return 0;
}
