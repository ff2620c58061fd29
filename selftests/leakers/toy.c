// SPDX-License-Identifier: GPL-2.0-only
/*
 * toy CASE: a program with an allocator of its own, which can be made to jump
 * out of malloc or realloc through a signal handler at a chosen moment, to nest
 * and to call in tail position.  glibc's own would be left with its lock held.
 *
 * The cases are told at their functions.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "leaker.h"

#define ARENA (8u << 20)
#define PAGE 4096ul

static _Alignas(4096) char arena[ARENA];
static size_t used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int armed, by_page, nest;
static sigjmp_buf way_out;

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

static void leave_if_armed(void)
{
	if (armed) {
		armed = 0;
		raise(SIGUSR1);
	}
}

void *malloc(size_t size)
{
	void *p;

	leave_if_armed();
	if (by_page)
		return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	if (nest > 0) {
		nest--;
		p = malloc(size);
		nest++;
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

static size_t size_of(const void *p)
{
	return *(const size_t *)((const char *)p - 16);
}

static void *move(void *p, size_t size)
{
	void *q;

	leave_if_armed();
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

static void jump(int sig)
{
	(void)sig;
	siglongjmp(way_out, 1);
}

/* A call of malloc or realloc that is never returned from. */
static __attribute__((noinline)) void abandon(void *p)
{
	if (sigsetjmp(way_out, 1))
		return;
	armed = 1;
	p = p ? realloc(p, 3000) : malloc(111);
	leaker_die(p ? "came back" : "came back with nothing");
}

static __attribute__((noinline)) void keep_at_depth(int depth)
{
	volatile char frame[200];
	size_t size = 1000 + depth, i;

	for (i = 0; i < sizeof(frame); i++)
		frame[i] = 1;
	leaker_keep(malloc(size), size);
	if (depth)
		keep_at_depth(depth - 1);
	frame[0] = 2;
}

/* The stack of the abandoned call is not written on by what comes after it. */
static __attribute__((noinline)) void keep_over_a_hole(void)
{
	volatile char hole[8192];

	hole[0] = 1;
	leaker_keep(malloc(500), 500);
	hole[1] = 1;
}

/* A longjmp out of malloc, followed by allocations deeper in the stack. */
static void longjmp_deeper(void)
{
	abandon(NULL);
	keep_at_depth(10);
}

/* Followed by one at the same depth, whose stack pointer is the same. */
static void longjmp_same(void)
{
	int i;

	for (i = 0; i < 3; i++)
		abandon(NULL);
	keep_at_depth(0);
}

static __attribute__((noinline)) void abandon_deeper(int depth)
{
	volatile char frame[300];

	frame[0] = 1;
	if (depth)
		abandon_deeper(depth - 1);
	else
		abandon(NULL);
	frame[1] = 1;
}

/* Followed by one nearer to main. */
static void longjmp_shallower(void)
{
	abandon_deeper(8);
	leaker_keep(malloc(700), 700);
}

/* Where the return address of the abandoned call still stands in the stack. */
static void longjmp_hole(void)
{
	abandon(NULL);
	keep_over_a_hole();
	leaker_keep(malloc(800), 800);
}

/* A block whose realloc was abandoned is still a block. */
static void longjmp_realloc(void)
{
	void *p = malloc(300);

	leaker_keep(p, 300);
	abandon(p);
	keep_at_depth(3);
	leaker_keep(malloc(400), 400);
}

/* Over and over: nothing may pile up. */
static void longjmp_often(void)
{
	int i;

	for (i = 0; i < 500; i++)
		abandon_deeper(i % 8);
	keep_at_depth(4);
}

/* The block of an allocator is a mapping, which the program unmaps by itself. */
static void munmap_of_malloc(void)
{
	void *p;

	by_page = 1;
	p = malloc(2 * PAGE);
	by_page = 0;
	leaker_keep(p, 2 * PAGE);
	if (munmap(p, 2 * PAGE))
		leaker_die("munmap");
}

static void tail_call(void)
{
	void *p = realloc(NULL, 64), *q = realloc(NULL, 128);

	leaker_keep(realloc(p, 256), 256);
	leaker_keep(q, 128);
}

/* malloc that calls itself, deeper than the kernel's return probes go. */
static void nested(void)
{
	int depth;

	for (depth = 1; depth <= 100; depth *= 10) {
		nest = depth;
		leaker_keep(malloc(40 + depth), 40 + depth);
		nest = 0;
	}
	leaker_keep(malloc(77), 77);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "longjmp_deeper", longjmp_deeper },
	{ "longjmp_same", longjmp_same },
	{ "longjmp_shallower", longjmp_shallower },
	{ "longjmp_hole", longjmp_hole },
	{ "longjmp_realloc", longjmp_realloc },
	{ "longjmp_often", longjmp_often },
	{ "munmap_of_malloc", munmap_of_malloc },
	{ "tail_call", tail_call },
	{ "nested", nested },
};

int main(int argc, char **argv)
{
	size_t i;

	signal(SIGUSR1, jump);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc != 2 || strcmp(cases[i].name, argv[1]))
			continue;
		leaker_ready();
		cases[i].run();
		leaker_done();
		return 0;
	}
	return 1;
}
