// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator of toy.c, which is controlled by variables:
 *
 * toy_armed	malloc or realloc raises SIGUSR1
 * toy_hook	malloc or realloc calls this function
 * toy_maps	malloc or realloc maps memory for itself
 * toy_nest	malloc calls itself so many levels deep
 * toy_by_page	malloc returns whole mappings
 * toy_gives	malloc returns this block, which is allocated already
 * toy_forgets	posix_memalign succeeds without storing an address
 *
 * It is a part of the program toy, and a library (libtoy.so) for toy_apart: the module treats calls
 * from the object that defines malloc in another way. libtoy_moved.so has the functions at other
 * offsets.
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

/* Each block is preceded by its size. Freed memory is not reused. */
static void *cut_block(size_t size, size_t align)
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

static void run_requests(void)
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

	run_requests();
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
	return cut_block(size, 16);
}

void free(void *p)
{
	(void)p;
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return cut_block(size, align < 16 ? 16 : align);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	if (!toy_forgets)
		*p = cut_block(size, align);
	return 0;
}

/* This and the next one are functions of C23 that libc does not have yet. */
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

static void *move_block(void *p, size_t size)
{
	void *q;

	run_requests();
	q = cut_block(size, 16);
	if (q)
		memcpy(q, p, size_of(p) < size ? size_of(p) : size);
	return q;
}

#ifdef __x86_64__
/* realloc(NULL, size) is a jump to malloc: both have the same return address. */
__asm__(".text\n"
	".globl realloc\n"
	".type realloc, @function\n"
	"realloc:\n"
	".cfi_startproc\n"
	"	push %rbp\n"
	".cfi_def_cfa_offset 16\n"
	".cfi_offset %rbp, -16\n"
	"	mov %rsp, %rbp\n"
	"	pop %rbp\n"
	".cfi_def_cfa_offset 8\n"
	".cfi_restore %rbp\n"
	"	test %rdi, %rdi\n"
	"	jne 1f\n"
	"	mov %rsi, %rdi\n"
	"	jmp malloc\n"
	"1:	jmp toy_move\n"
	".cfi_endproc\n"
	".size realloc, . - realloc\n");

__attribute__((used)) static void *move_by_jump(void *p, size_t size) __asm__("toy_move");

static void *move_by_jump(void *p, size_t size)
{
	return move_block(p, size);
}
#else
void *realloc(void *p, size_t size)
{
	return p ? move_block(p, size) : malloc(size);
}
#endif
