// SPDX-License-Identifier: GPL-2.0-only
/*
 * pools: pools of a program's own. Each step keeps blocks of one of them, and frees others:
 *
 *	p  pool_alloc(pool, size), pool_free(pool, block): chunks of malloc are cut
 *	w  wrap_alloc(size), wrap_free(block): blocks of malloc with a header
 *	s  same_alloc(size), same_free(block): blocks of malloc as they are
 *	h  hidden_alloc(size), hidden_free(block): as p; local symbols
 *	m  map_alloc(flags, name, size, align), map_free(flags, name, align, block): of mmap
 *	f  functions with the prefix my_: malloc, calloc, realloc, posix_memalign, free
 *	x  malloc and free
 *	b  as p and x without an end, and without keeping blocks
 *
 * Used by pairs.
 */
#include <sys/mman.h>

#include "program.h"

#define ROUNDS 20
#define CHUNK 4096

struct pool {
	char *chunk;
	size_t used;
};

static struct pool pool, hidden;

#define FUNCTION __attribute__((noinline, noclone))

/* The first bytes of a chunk are never given away, so no block has the address of a chunk. */
static inline __attribute__((always_inline)) void *cut(struct pool *from, size_t size)
{
	void *p;

	size = (size + 15) & -16ul;
	if (!from->chunk || from->used + size > CHUNK) {
		from->chunk = malloc(CHUNK);
		from->used = 16;
	}
	p = from->chunk + from->used;
	from->used += size;
	return p;
}

FUNCTION void *pool_alloc(struct pool *from, size_t size);
FUNCTION void pool_free(struct pool *from, void *p);
FUNCTION void *wrap_alloc(size_t size);
FUNCTION void wrap_free(void *p);
FUNCTION void *same_alloc(size_t size);
FUNCTION void same_free(void *p);
FUNCTION void *map_alloc(int flags, const char *name, size_t size, size_t align);
FUNCTION void map_free(int flags, const char *name, size_t align, void *p);
FUNCTION void *my_malloc(size_t size);
FUNCTION void *my_calloc(size_t n, size_t size);
FUNCTION void *my_realloc(void *p, size_t size);
FUNCTION int my_posix_memalign(void **p, size_t align, size_t size);
FUNCTION void my_free(void *p);

void *pool_alloc(struct pool *from, size_t size)
{
	return cut(from, size);
}

void pool_free(struct pool *from, void *p)
{
	(void)from;
	*(char *)p = 0;
}

void *wrap_alloc(size_t size)
{
	return (char *)malloc(size + 16) + 16;
}

void wrap_free(void *p)
{
	free((char *)p - 16);
}

void *same_alloc(size_t size)
{
	void *p = malloc(size);

	*(char *)p = 1;
	return p;
}

void same_free(void *p)
{
	*(char *)p = 0;
	free(p);
}

static FUNCTION void *hidden_alloc(size_t size)
{
	return cut(&hidden, size);
}

static FUNCTION void hidden_free(void *p)
{
	*(char *)p = 0;
}

void *map_alloc(int flags, const char *name, size_t size, size_t align)
{
	(void)flags;
	(void)name;
	(void)align;
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void map_free(int flags, const char *name, size_t align, void *p)
{
	(void)flags;
	(void)name;
	munmap(p, align);
}

static struct pool mine;

void *my_malloc(size_t size)
{
	return cut(&mine, size);
}

void *my_calloc(size_t n, size_t size)
{
	return cut(&mine, n * size);
}

void *my_realloc(void *p, size_t size)
{
	(void)p;
	return cut(&mine, size);
}

int my_posix_memalign(void **p, size_t align, size_t size)
{
	(void)align;
	*p = cut(&mine, size);
	return 0;
}

void my_free(void *p)
{
	*(char *)p = 0;
}

static void use_prefixed(size_t i)
{
	void *p;

	program_keep(my_malloc(10 + i), 10 + i);
	program_keep(my_calloc(3, 10 + i), 3 * (10 + i));
	program_keep(my_realloc(my_malloc(5), 10 + i), 10 + i);
	my_posix_memalign(&p, 16, 10 + i);
	program_keep(p, 10 + i);
	my_free(my_malloc(33));
}

static void use_pool(int step, size_t i)
{
	switch (step) {
	case 'p':
		program_keep(pool_alloc(&pool, 10 + i), 10 + i);
		pool_free(&pool, pool_alloc(&pool, 400));
		break;
	case 'w':
		program_keep(wrap_alloc(10 + i), 10 + i);
		wrap_free(wrap_alloc(400));
		break;
	case 's':
		program_keep(same_alloc(10 + i), 10 + i);
		same_free(same_alloc(400));
		break;
	case 'h':
		program_keep(hidden_alloc(10 + i), 10 + i);
		hidden_free(hidden_alloc(400));
		break;
	case 'm':
		program_keep(map_alloc(0, NULL, 10 + i, 1), 10 + i);
		map_free(0, NULL, CHUNK, map_alloc(0, NULL, CHUNK, 1));
		break;
	case 'f':
		use_prefixed(i);
		break;
	case 'b':
		pool.used = 16;
		pool_free(&pool, pool_alloc(&pool, 10 + i));
		same_free(same_alloc(10 + i));
		free(malloc(10 + i));
		break;
	default:
		program_keep(malloc(10 + i), 10 + i);
		free(malloc(400));
	}
}

int main(void)
{
	size_t i;
	int step;

	/* The first malloc of older versions of glibc calls another one. */
	free(malloc(1));
	program_say("ready %d\n", (int)getpid());
	step = program_step();
	while (step != 'e') {
		do {
			for (i = 0; i < ROUNDS; i++)
				use_pool(step, i);
		} while (step == 'b');
		program_print_kept();
		step = program_step();
	}
	return 0;
}
