// SPDX-License-Identifier: GPL-2.0-only
/*
 * The toy's allocator: it can be made to raise a signal within malloc or
 * realloc (toy_armed), to call something there (toy_hook), to map memory for
 * itself there (toy_maps), to nest (toy_nest), to give whole mappings
 * (toy_by_page), to give one block twice (toy_gives) and to give none where it
 * says that it has (toy_forgets).
 *
 * It is a part of the program toy, and a shared object to toy_apart: whether
 * the caller of malloc is in the object that defines it makes a difference to
 * who looks at calls.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA (8u << 20)

#ifdef TOY_MOVED
asm(".text; .skip 77, 0x90");
#endif

static _Alignas(4096) char arena[ARENA];
static size_t used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);

volatile int toy_armed, toy_by_page, toy_maps, toy_nest, toy_forgets;
static void *volatile mapped;
void (*volatile toy_hook)(void);
void *volatile toy_gives;

/* The allocator: a size before each block, nothing is ever used twice. */
static void *take(size_t size, size_t align)
{
	size_t at;

	pthread_mutex_lock(&lock);
	at = (used + 16 + align - 1) & -align;
	if (size > ARENA || at + size > ARENA) {
		pthread_mutex_unlock(&lock);
		errno = ENOMEM;
		return NULL;
	}
	used = at + size;
	pthread_mutex_unlock(&lock);
	*(size_t *)(arena + at - 16) = size;
	return arena + at;
}

static void do_what_is_asked(void)
{
	if (toy_armed) {
		toy_armed = 0;
		raise(SIGUSR1);
	}
	if (toy_hook) {
		void (*hook)(void) = toy_hook;

		toy_hook = NULL;
		hook();
	}
	if (toy_maps) {
		toy_maps = 0;
		mapped = mmap(NULL, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
}

void *malloc(size_t size)
{
	void *p;

	do_what_is_asked();
	if (toy_gives) {
		p = toy_gives;
		toy_gives = NULL;
		return p;
	}
	if (toy_by_page)
		return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (toy_nest > 0) {
		toy_nest--;
		p = malloc(size);
		toy_nest++;
		return p;
	}
	return take(size, 16);
}

void free(void *p)
{
	(void)p;
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size);
}

/* What no libc of today has, and those of tomorrow will. */
void *aligned_alloc(size_t align, size_t size)
{
	return take(size, align < 16 ? 16 : align);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	if (!toy_forgets)
		*p = take(size, align);
	return 0;
}

void free_sized(void *p, size_t size)
{
	(void)p;
	(void)size;
}

void free_aligned_sized(void *p, size_t align, size_t size)
{
	(void)p;
	(void)align;
	(void)size;
}

static size_t size_of(const void *p)
{
	return *(const size_t *)((const char *)p - 16);
}

static void *move(void *p, size_t size)
{
	void *q;

	do_what_is_asked();
	q = take(size, 16);
	if (q)
		memcpy(q, p, size_of(p) < size ? size_of(p) : size);
	return q;
}

#ifdef __x86_64__
/* realloc(NULL, n) is a jump to malloc: both have one return address. */
__asm__(".text\n"
	".globl realloc\n"
	".type realloc, @function\n"
	"realloc:\n"
	"	push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	pop %rbp\n"
	"	test %rdi, %rdi\n"
	"	jne 1f\n"
	"	mov %rsi, %rdi\n"
	"	jmp malloc\n"
	"1:	jmp toy_move\n"
	".size realloc, . - realloc\n");

__attribute__((used)) static void *by_jump(void *p, size_t size) __asm__("toy_move");

static void *by_jump(void *p, size_t size)
{
	return move(p, size);
}
#else
void *realloc(void *p, size_t size)
{
	return p ? move(p, size) : malloc(size);
}
#endif
