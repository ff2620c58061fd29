// SPDX-License-Identifier: GPL-2.0-only
/*
 * named [ARGUMENT...]: allocates at its start, without "ready", in functions that the tests look
 * for by name: 5000 bytes before main, and 1000 bytes plus its length for each argument. Then it
 * waits for the end of its input. Also built statically (named_static).
 *
 * Used by tool/command.sh, tool/follow.sh, allocators and exact_edges.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile last;

__attribute__((noinline)) void leak_by_name(size_t size)
{
	last = malloc(size);
}

__attribute__((noinline)) void leak_arguments(int count, char **arguments)
{
	while (count--)
		leak_by_name(1000 + strlen(*arguments++));
	free(malloc(9999));
}

__attribute__((constructor)) void leak_before_main(void)
{
	leak_by_name(5000);
}

int main(int argc, char **argv)
{
	char c;

	leak_arguments(argc - 1, argv + 1);
	while (read(STDIN_FILENO, &c, 1) == 1)
		;
	return 0;
}
