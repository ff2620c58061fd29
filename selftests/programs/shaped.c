// SPDX-License-Identifier: GPL-2.0-only
/*
 * shaped: a program that uses the functions of a preloaded allocator (shaped_malloc.S).
 *
 * Steps:
 *	go	keeps blocks of malloc, calloc and realloc, and calls the allocator's slow path,
 *		which is no allocation
 *	new	keeps blocks of operator new, which are not among the blocks that it prints
 *	dispatch turns on Syscall User Dispatch, which allows its own calls
 *	end	exits
 *
 * Used by exits_refused.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sys/prctl.h>

#include "program.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static void *(*slow)(size_t size), *(*new)(size_t size);

static void keep_blocks(void)
{
	int i;

	for (i = 0; i < 10; i++) {
		program_keep(malloc(100 + i), 100 + i);
		program_keep(malloc(1000 + i), 1000 + i);
		program_keep(calloc(3, 100), 300);
		program_keep(realloc(malloc(40 + i), 700), 700);
		free(malloc(50));
		if (!slow(80 + i))
			program_die("slow path");
	}
	program_fail(malloc(PROGRAM_TOO_BIG));
}

static void use_new(void)
{
	int i;

	for (i = 0; i < 5; i++)
		if (!new || !new (900 + i))
			program_die("operator new");
}

static volatile char selector; /* 0: system calls are allowed */

static void turn_on_dispatch(void)
{
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 1, 0x7fffffff0000, &selector))
		_exit(4);
	selector = 1;
}

int main(void)
{
	char step;

	slow = dlsym(RTLD_DEFAULT, "shaped_slow");
	new = dlsym(RTLD_DEFAULT, "_Znwm");
	if (!slow)
		program_die("no slow path");
	program_say("ready %d\n", (int)getpid());
	for (step = program_step(); step != 'e'; step = program_done()) {
		if (step == 'g')
			keep_blocks();
		else if (step == 'n')
			use_new();
		else if (step == 'd')
			turn_on_dispatch();
	}
	return 0;
}
