// SPDX-License-Identifier: GPL-2.0-only
/* Opens, uses and closes libraries, so that each is mapped where another one was. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT 64

static void *kept[KEPT];

__attribute__((noinline)) static void use_library(const char *path, unsigned int round)
{
	void *library = dlopen(path, RTLD_NOW);
	void *(*work)(unsigned int depth) = NULL;

	if (library)
		*(void **)&work = dlsym(library, "work");
	if (!work) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	free(kept[round % KEPT]);
	kept[round % KEPT] = work(round % 20);
	dlclose(library);
}

int main(int argc, char **argv)
{
	unsigned int round;

	for (round = 0; argc > 1; round++)
		use_library(argv[1 + round % (argc - 1)], round);
	return 1;
}
