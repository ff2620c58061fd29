// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames CASE [LIBRARY...]: blocks whose callers lie in code that is made at
 * run time, or in libraries that are gone when the step is done.  dlopen() has
 * allocations of its own; what is kept is told by its odd sizes.  "reopen" has
 * two steps.
 */
#include <dlfcn.h>
#include <sys/mman.h>

#include "leaker.h"

static char **arguments;

/* A function that calls malloc(4321) and keeps a frame pointer, as bytes; made and called. */
static void *jit_at(void *place)
{
#ifdef __x86_64__
	static const unsigned char code[] = {
		0x55, 0x48, 0x89, 0xe5,			     /* push %rbp; mov %rsp, %rbp */
		0xbf, 0xe1, 0x10, 0x00, 0x00,		     /* mov $4321, %edi */
		0x48, 0xb8, 0,	  0,	0,    0, 0, 0, 0, 0, /* movabs $malloc, %rax */
		0xff, 0xd0, 0x5d, 0xc3,			     /* call *%rax; pop %rbp; ret */
	};
	void *target = malloc;
	unsigned char *page = mmap(place, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *p;

	memcpy(page + 256, code, sizeof(code));
	memcpy(page + 256 + 11, &target, sizeof(target));
	__asm__ volatile("call *%1"
			 : "=a"(p)
			 : "r"(page + 256)
			 : "rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
	leaker_keep(p, 4321);
	return page;
#else
	_exit(4);
#endif
}

static void jit(void)
{
	leaker_keep_as(jit_at(NULL), 4096, "mmap");
}

/* As compilers do that throw away what is old, and use its place again. */
static void rejit(void)
{
	void *place = NULL;
	int i;

	for (i = 0; i < 40; i++) {
		place = jit_at(place);
		munmap(place, 4096);
	}
}

static void *leak_in(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	void (*leak)(void);

	if (!library)
		leaker_die(path);
	leak = (void (*)(void))dlsym(library, "leak_in_library");
	if (!leak)
		leaker_die("leak_in_library");
	leak();
	return library;
}

/* Each library leaks once and goes; the next one may take its place. */
static void unload(void)
{
	char **library;

	for (library = arguments; *library; library++)
		dlclose(leak_in(*library));
}

/* As servers do that take a module in for each request. */
static void reopen(void)
{
	int i;

	unload();
	leaker_done();
	for (i = 0; i < 40; i++)
		unload();
}

/* The first one goes, the second one takes its place and stays. */
static void replace(void)
{
	dlclose(leak_in(arguments[0]));
	leak_in(arguments[1]);
}

/* The first library is an allocator; the second one's frames make both of them noticed. */
static void late_allocator(void)
{
	if (!dlopen(arguments[0], RTLD_NOW | RTLD_LOCAL))
		leaker_die(arguments[0]);
	leak_in(arguments[1]);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 1;
	arguments = argv + 2;
	leaker_ready();
	if (!strcmp(argv[1], "jit"))
		jit();
	else if (!strcmp(argv[1], "rejit"))
		rejit();
	else if (!strcmp(argv[1], "late_allocator"))
		late_allocator();
	else if (!strcmp(argv[1], "replace"))
		replace();
	else if (!strcmp(argv[1], "reopen"))
		reopen();
	else
		unload();
	leaker_done();
	return 0;
}
