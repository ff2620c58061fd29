// SPDX-License-Identifier: GPL-2.0-only
/*
 * sanitized CASE: a program that is built with a sanitizer, which prints a report to standard error
 * when the program reads a freed block ("use_after_free") and at its end ("leak").
 *
 * Its only step leaks blocks from several stacks. Their addresses are not stored, so that the
 * sanitizer finds them. Built as sanitized_address and sanitized_leak.
 *
 * Used by exits_backtraces.
 */
#include "program.h"

#define APART __attribute__((noipa))

static void *volatile gone;

APART static void leak_one(size_t size)
{
	void *p = malloc(size);

	program_keep_uncounted(p, size);
}

APART static void leak_zeroed(size_t size)
{
	program_keep_uncounted(calloc(1, size), size);
}

APART static void leak_moved(size_t size)
{
	program_keep_uncounted(realloc(malloc(size / 2), size), size);
}

APART static void leak_at_depth(int depth)
{
	if (depth) {
		leak_at_depth(depth - 1);
	} else {
		leak_one(300);
		leak_zeroed(310);
		leak_moved(320);
	}
	__asm__ volatile("");
}

/* Overwrites the stack, where addresses of leaked blocks may be left. */
APART static void use_the_stack(void)
{
	volatile char frame[16384];
	size_t i;

	for (i = 0; i < sizeof(frame); i++)
		frame[i] = 1;
}

APART static void read_freed_block(void)
{
	char *p = malloc(50);

	gone = p;
	free(p);
	program_say("%d\n", *(volatile char *)gone);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	program_ready();
	leak_one(100);
	leak_one(110);
	leak_at_depth(4);
	use_the_stack();
	if (!strcmp(argv[1], "use_after_free"))
		read_freed_block();
	program_done();
	return 0;
}
