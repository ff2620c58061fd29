// SPDX-License-Identifier: GPL-2.0-only
/*
 * reload LIBRARY: a program that loads, uses and unloads a plugin again and again.  Its steps are
 * "load", "unload", and "keep", which keeps a block that the plugin allocates.
 */
#include <dlfcn.h>

#include "program.h"

static void *handle;
static void *(*plugin_alloc)(size_t);

static void load(const char *path)
{
	handle = dlopen(path, RTLD_NOW);
	if (!handle)
		program_die(dlerror());
	plugin_alloc = (void *(*)(size_t))dlsym(handle, "plugin_alloc");
}

int main(int argc, char **argv)
{
	char word;

	if (argc < 2)
		return 1;
	/* The dynamic linker's own memory is not the plugin's. */
	load(argv[1]);
	dlclose(handle);
	program_say("ready %d\n", (int)getpid());
	while ((word = program_step())) {
		if (word == 'l')
			load(argv[1]);
		else if (word == 'u')
			dlclose(handle);
		else
			program_keep(plugin_alloc(777), 777);
		program_tell();
	}
	return 0;
}
