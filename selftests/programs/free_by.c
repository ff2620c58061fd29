// SPDX-License-Identifier: GPL-2.0-only
/*
 * free_by: blocks of each allocating function of the process, freed by one function.
 *
 * A step is the name of a function of freers.h. Each function whose blocks it may free allocates
 * BLOCKS blocks, which it then frees. Nothing is kept. FAILED of the protocol is the number of
 * blocks so far: it does not change if the process has no function of this name. The step "end"
 * exits.
 *
 * All functions are looked up at run time, so that the program works with any preloaded allocator.
 *
 * Used by freeing.
 */
#include <dlfcn.h>

#include "freers.h"
#include "program.h"

#define BLOCKS 5
#define MAX_MAKERS 64
#define ALIGN 64ul

/* The arguments of a function that allocates a block. */
enum make_call { SIZE, SIZE_ALIGN, SIZE_NOTHROW, ONE_SIZE, OLD_SIZE, OLD_ONE_SIZE, AT, ALIGN_SIZE };

/* BLOCK_OF_PAGES: its size is rounded up to pages: it must not be freed with the requested size. */
enum block { BLOCK_ANY, BLOCK_OF_PAGES };

/* The arguments of a function that frees it. MOVE_*: it returns a new block, which free() frees. */
enum free_call {
	BLOCK,
	BLOCK_SIZE,
	BLOCK_ALIGN,
	BLOCK_SIZE_ALIGN,
	BLOCK_ALIGN_SIZE,
	BLOCK_NOTHROW,
	BLOCK_ALIGN_NOTHROW,
	MOVE_SIZE,
	MOVE_ONE_SIZE,
	MOVE_IN_HEAP,
	MOVE_ONE_IN_HEAP,
};

struct maker {
	const char *name;
	enum make_call call;
	enum block block;
	void *function;
};

struct freer {
	const char *name;
	enum free_call call;
	void *function;
};

static struct maker makers[MAX_MAKERS] = {
	{ .name = "malloc", .call = SIZE },
	{ .name = "calloc", .call = ONE_SIZE },
	{ .name = "realloc", .call = OLD_SIZE },
	{ .name = "reallocarray", .call = OLD_ONE_SIZE },
	{ .name = "posix_memalign", .call = AT },
	{ .name = "aligned_alloc", .call = ALIGN_SIZE },
	{ .name = "memalign", .call = ALIGN_SIZE },
	{ .name = "valloc", .call = SIZE, .block = BLOCK_OF_PAGES },
	{ .name = "pvalloc", .call = SIZE, .block = BLOCK_OF_PAGES },
	{ .name = "mallocx", .call = SIZE },
	{ .name = "tc_malloc", .call = SIZE },
	{ .name = "mi_malloc", .call = SIZE },
	{ .name = "_Znwm", .call = SIZE },
	{ .name = "_Znam", .call = SIZE },
	{ .name = "_ZnwmRKSt9nothrow_t", .call = SIZE_NOTHROW },
	{ .name = "_ZnamRKSt9nothrow_t", .call = SIZE_NOTHROW },
	{ .name = "_ZnwmSt11align_val_t", .call = SIZE_ALIGN },
	{ .name = "_ZnamSt11align_val_t", .call = SIZE_ALIGN },
};

static struct freer freers[] = {
#define X(name, call) { #name, call, NULL },
	FREERS(X) MOVERS(X)
#undef X
};

/* Types of functions. Some are called with more arguments than they have, which is harmless. */
typedef void *(*call_3)(void *, size_t, size_t);
typedef void *(*call_5)(void *, size_t, size_t, size_t, size_t);
typedef void *(*call_sizes)(size_t, size_t);
typedef void *(*call_3_sizes)(void *, size_t, size_t);
typedef int (*call_at)(void **, size_t, size_t);

/* std::nothrow_t is an empty type. */
static char nothrow;

static void *make_block(const struct maker *m, size_t size)
{
	call_sizes f = (call_sizes)m->function;
	void *p = NULL;

	switch (m->call) {
	case SIZE:
		return f(size, 0);
	case SIZE_ALIGN:
		return f(size, ALIGN);
	case SIZE_NOTHROW:
		return f(size, (size_t)&nothrow);
	case ONE_SIZE:
		return f(1, size);
	case OLD_SIZE:
		return ((call_3_sizes)m->function)(NULL, size, 0);
	case OLD_ONE_SIZE:
		return ((call_3_sizes)m->function)(NULL, 1, size);
	case AT:
		return ((call_at)m->function)(&p, ALIGN, size) ? NULL : p;
	case ALIGN_SIZE:
		return f(ALIGN, size);
	}
	return NULL;
}

static void *default_heap;

static void *get_heap(void)
{
	return ((void *(*)(void))default_heap)();
}

static void free_moved(void *p)
{
	if (!p)
		program_die("a function that moves a block");
	free(p);
}

/* The new size is too large for the block to remain at its address. */
static void move_block(call_5 f, enum free_call call, void *p, size_t size)
{
	switch (call) {
	case MOVE_SIZE:
		free_moved(f(p, 8 * size, 0, 0, 0));
		break;
	case MOVE_ONE_SIZE:
		free_moved(f(p, 1, 8 * size, 8, 0));
		break;
	case MOVE_IN_HEAP:
		free_moved(f(get_heap(), (size_t)p, 8 * size, 8, 0));
		break;
	default:
		free_moved(f(get_heap(), (size_t)p, 1, 8 * size, 8));
	}
}

static void free_block(void *function, enum free_call call, void *p, size_t size)
{
	call_3 f = (call_3)function;

	switch (call) {
	case BLOCK:
		f(p, 0, 0);
		break;
	case BLOCK_SIZE:
		f(p, size, 0);
		break;
	case BLOCK_ALIGN:
		f(p, ALIGN, 0);
		break;
	case BLOCK_SIZE_ALIGN:
		f(p, size, ALIGN);
		break;
	case BLOCK_ALIGN_SIZE:
		f(p, ALIGN, size);
		break;
	case BLOCK_NOTHROW:
		f(p, (size_t)&nothrow, 0);
		break;
	case BLOCK_ALIGN_NOTHROW:
		f(p, ALIGN, (size_t)&nothrow);
		break;
	default:
		move_block((call_5)function, call, p, size);
	}
}

/* See BLOCK_OF_PAGES. */
static int may_free(enum free_call call, const struct maker *m)
{
	return m->block != BLOCK_OF_PAGES ||
	       (call != BLOCK_SIZE && call != BLOCK_SIZE_ALIGN && call != BLOCK_ALIGN_SIZE);
}

/* The sizes are size classes of all allocators, whether or not the block is aligned. */
static void make_and_free(const struct maker *m, void *function, enum free_call call)
{
	void *p[BLOCKS];
	size_t i;

	for (i = 0; i < BLOCKS; i++) {
		p[i] = make_block(m, ALIGN << i);
		if (!p[i])
			program_die(m->name);
		program_failed++;
	}
	for (i = 0; i < BLOCKS; i++)
		free_block(function, call, p[i], ALIGN << i);
}

static void *object_of(void *function)
{
	Dl_info info;

	return dladdr(function, &info) ? info.dli_fbase : NULL;
}

/*
 * A preloaded allocator may lack functions that libc has, which must not be called with its blocks.
 * The functions of C++ may be those of libstdc++, which call the allocator.
 */
static void *look_up(const char *name)
{
	void *p = dlsym(RTLD_DEFAULT, name);

	if (!p) /* cfree: for old programs only */
		p = dlvsym(RTLD_DEFAULT, name, "GLIBC_2.2.5");
	if (p && strncmp(name, "_Z", 2) && object_of(p) != object_of(dlsym(RTLD_DEFAULT, "malloc")))
		return NULL;
	return p;
}

#define FREERS_COUNT (sizeof(freers) / sizeof(freers[0]))

static void try_function(const char *name)
{
	size_t i, j;

	for (i = 0; i < FREERS_COUNT && strcmp(freers[i].name, name); i++)
		;
	for (j = 0; i < FREERS_COUNT && freers[i].function && makers[j].name; j++)
		if (makers[j].function && may_free(freers[i].call, &makers[j]))
			make_and_free(&makers[j], freers[i].function, freers[i].call);
}

/* Before the first step, because a lookup that fails allocates. */
static void look_all_up(void)
{
	size_t i;

	if (!dlopen("libstdc++.so.6", RTLD_NOW | RTLD_GLOBAL))
		program_die("libstdc++");
	for (i = 0; makers[i].name; i++)
		makers[i].function = look_up(makers[i].name);
	for (i = 0; i < FREERS_COUNT; i++)
		freers[i].function = look_up(freers[i].name);
	default_heap = look_up("mi_heap_get_default");
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

	look_all_up();
	program_say("ready %d\n", (int)getpid());
	for (;;) {
		read_line(line, sizeof(line));
		if (!strcmp(line, "end"))
			return 0;
		try_function(line);
		program_print_kept();
	}
}
