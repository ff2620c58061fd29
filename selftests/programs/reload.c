// SPDX-License-Identifier: GPL-2.0-only
/*
 * reload LIBRARY: loads, uses and unloads a plugin (reload_plugin.c).
 *
 * Steps:
 *	load	dlopen() of LIBRARY
 *	keep	keeps a block of 777 bytes that the plugin allocates
 *	unload	dlclose()
 *
 * Used by tool/files.sh.
 */
#include <dlfcn.h>

#include "program.h"

static void *handle;
static void *(*plugin_alloc)(size_t);

static void load_plugin(const char *path)
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
	/* The dynamic linker makes its one-time allocations now, before the attach. */
	load_plugin(argv[1]);
	dlclose(handle);
	program_say("ready %d\n", (int)getpid());
	while ((word = program_step())) {
		if (word == 'l')
			load_plugin(argv[1]);
		else if (word == 'u')
			dlclose(handle);
		else
			program_keep(plugin_alloc(777), 777);
		program_print_kept();
	}
	return 0;
}
