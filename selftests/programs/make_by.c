// SPDX-License-Identifier: GPL-2.0-only
/*
 * make_by: blocks that are made by one function, of which some are kept.
 *
 * A step is the name of a function of makers.h, which makes BLOCKS blocks of different sizes. The
 * odd ones are freed. With "!" before the name the function is called so that it fails, with a
 * block that it frees. FAILED of the protocol is the number of blocks so far, with those that were
 * passed to the function: it does not change if the process has no function of this name. The step
 * "end" exits.
 *
 * All functions are looked up at run time, so that the program works with any preloaded allocator.
 *
 * Used by cpp_allocators.
 */
#include <dlfcn.h>

#include "makers.h"
#include "program.h"

#define BLOCKS 4
#define FACTOR 3
#define ALIGN 64ul
#define OLD_SIZE 40

struct maker {
	const char *name;
	const char *arguments;
	void *function;
};

static struct maker makers[] = {
#define X(name, arguments) { #name, arguments, NULL },
	MAKERS(X) THROWERS(X)
#undef X
};

#define COUNT (sizeof(makers) / sizeof(makers[0]))

/* Some functions are called with more arguments than they have, which is harmless. */
typedef size_t (*call_6)(size_t, size_t, size_t, size_t, size_t, size_t);

static char nothrow; /* std::nothrow_t is an empty type. */
static char text[4096];
static void *default_heap;

static size_t set_argument(char letter, size_t size, void **at)
{
	switch (letter) {
	case 's':
		return size;
	case 'a':
		return ALIGN;
	case 'n':
		return FACTOR;
	case 'h':
		return ((size_t(*)(void))default_heap)();
	case 'p':
		program_failed++;
		return (size_t)malloc(OLD_SIZE);
	case 't':
		return (size_t)&nothrow;
	case '@':
		return (size_t)at;
	case 'z':
		return (size_t)text;
	case 'm':
		return size - 1;
	default:
		return 0;
	}
}

static void *make_block(const struct maker *m, size_t size)
{
	size_t arguments[6] = { 0 }, result;
	void *at = NULL;
	int i;

	/* Without a number of bytes to copy, the string is as long as the block. */
	memset(text, 'x', sizeof(text) - 1);
	if (!strchr(m->arguments, 'm') && size < sizeof(text))
		text[size - 1] = 0;
	for (i = 0; m->arguments[i]; i++)
		arguments[i] = set_argument(m->arguments[i], size, &at);
	result = ((call_6)m->function)(arguments[0], arguments[1], arguments[2], arguments[3],
				       arguments[4], arguments[5]);
	return at ? at : (void *)result;
}

static void make_blocks(const struct maker *m)
{
	void *p[BLOCKS];
	size_t i, size;

	for (i = 0; i < BLOCKS; i++) {
		size = 101 + 50 * i;
		/* libstdc++ rounds up what it passes to aligned_alloc. */
		if (strchr(m->arguments, 'a'))
			size = (size + ALIGN - 1) & -ALIGN;
		p[i] = make_block(m, size);
		if (!p[i])
			program_die(m->name);
		program_failed++;
		if (!(i & 1))
			program_keep(p[i], strchr(m->arguments, 'n') ? FACTOR * size : size);
	}
	for (i = 1; i < BLOCKS; i += 2)
		free(p[i]);
}

static void *object_of(void *function)
{
	Dl_info info;

	return dladdr(function, &info) ? info.dli_fbase : NULL;
}

/* A preloaded allocator may lack functions that libc has, which it does not replace. */
static void *look_up(const char *name)
{
	void *p = dlsym(RTLD_DEFAULT, name);

	if (p && strncmp(name, "_Z", 2) && object_of(p) != object_of(dlsym(RTLD_DEFAULT, "malloc")))
		return NULL;
	return p;
}

static void try_function(const char *name, int fails)
{
	size_t i;

	for (i = 0; i < COUNT && strcmp(makers[i].name, name); i++)
		;
	if (i == COUNT || !makers[i].function)
		return;
	if (!fails)
		make_blocks(&makers[i]);
	else if (make_block(&makers[i], PROGRAM_TOO_BIG))
		program_die("a function that must fail");
}

/* As program_step(), but returns the whole line. */
static void read_line(char *line, size_t size)
{
	size_t n = 0;
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n') {
			line[n] = 0;
			return;
		}
		if (n < size - 1)
			line[n++] = c;
	}
	_exit(0);
}

int main(void)
{
	char line[64];
	size_t i;

	if (!dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL))
		program_die("libstdc++");
	/* Before the first step, because a lookup that fails allocates. */
	for (i = 0; i < COUNT; i++)
		makers[i].function = look_up(makers[i].name);
	default_heap = look_up("mi_heap_get_default");
	program_say("ready %d\n", (int)getpid());
	for (;;) {
		read_line(line, sizeof(line));
		if (!strcmp(line, "end"))
			return 0;
		try_function(line + (*line == '!'), *line == '!');
		program_print_kept();
	}
}
