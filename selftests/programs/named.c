// SPDX-License-Identifier: GPL-2.0-only
/*
 * named [ARGUMENT...]: leaks at once, without waiting for anybody, in functions
 * with names: 5000 bytes before main, and for each argument 1000 bytes plus its
 * length.  Then it waits to be killed; the end of its input ends it too.
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
