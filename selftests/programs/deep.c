// SPDX-License-Identifier: GPL-2.0-only
/*
 * deep: blocks of odd sizes from functions without frame pointers, each in another way of using the
 * stack.  Built with -O2 as distributions do; the functions are kept apart and in their places.
 */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "program.h"

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

#define APART __attribute__((noipa))
/* The call before this one is not the function's last act: no jump is made of it. */
#define RETURNS __asm__ volatile("" : : : "memory")
#define TAKE(size) program_keep(malloc(size), size)

static APART void plain_inner(int n)
{
	TAKE(1001 + n - n);
	RETURNS;
}

static APART void plain_middle(int n)
{
	volatile char room[200];

	room[n] = n;
	plain_inner(room[n]);
	RETURNS;
}

static APART void plain(void)
{
	plain_middle(7);
	RETURNS;
}

static bool compared;

static APART int compare(const void *a, const void *b)
{
	if (!compared)
		TAKE(1002);
	compared = true;
	return *(const char *)a - *(const char *)b;
}

static APART void callback(void)
{
	char text[] = "a C library calls back";

	qsort(text, sizeof(text), 1, compare);
	RETURNS;
}

static APART void duplicate(void)
{
	char text[1003];

	memset(text, 'x', sizeof(text));
	text[1002] = 0;
	program_keep(strdup(text), sizeof(text));
	RETURNS;
}

/* === Signals === */

/*
 * What is interrupted is the first instruction of a function, and the one before it is another
 * function's, with another rule.
 */
void trap(void);
__asm__(".text\n"
	".type	before_trap, @function\n"
	"before_trap:\n"
	"	.cfi_startproc\n"
	"	nop\n"
	"	.cfi_def_cfa_offset 4096\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size	before_trap, . - before_trap\n"
	"	.globl	trap\n"
	"	.type	trap, @function\n"
	"trap:\n"
	"	.cfi_startproc\n"
	"	ud2\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size	trap, . - trap\n");

static size_t in_handler;

static APART void on_trap(int signal, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	(void)signal;
	(void)info;
	TAKE(in_handler);
	interrupted->uc_mcontext.gregs[REG_RIP] += 2;
}

static APART void trapped(size_t size, int flags)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | flags };

	in_handler = size;
	sigaction(SIGILL, &action, NULL);
	trap();
	RETURNS;
}

static APART void trapped_elsewhere(void)
{
	static char room[65536];
	const stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };

	sigaltstack(&stack, NULL);
	trapped(1005, SA_ONSTACK);
	RETURNS;
}

/*
 * A libc whose return from signals has no rules has these very instructions.  A handler returns to
 * their begin; the call that is looked for before it lies in bare_libc.
 */
void bare_restorer(void);
__asm__(".text\n"
	".type	bare_libc, @function\n"
	"bare_libc:\n"
	"	nop\n"
	"bare_restorer:\n"
	"	mov	$15, %rax\n"
	"	syscall\n"
	"	.size	bare_libc, . - bare_libc\n");

static APART void trapped_by_a_bare_libc(void)
{
	/* As the kernel has it: handler, flags, restorer, mask. */
	const struct {
		void (*handler)(int signal, siginfo_t *info, void *context);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} action = { on_trap, SA_SIGINFO | SA_RESTORER, bare_restorer, 0 };

	in_handler = 1013;
	syscall(SYS_rt_sigaction, SIGILL, &action, NULL, sizeof(action.mask));
	trap();
	RETURNS;
}

/* === Frames of all sorts === */

static APART void touch(volatile char *a, volatile char *b)
{
	*a = *b;
}

static APART void realigned(size_t n)
{
	char wide[128] __attribute__((aligned(64)));
	char *more = alloca(n);

	touch(wide, more);
	TAKE(1006);
	touch(more, wide);
}

static APART void variable(size_t n)
{
	char room[n];

	touch(room, room + n - 1);
	TAKE(1007);
	touch(room, room);
}

static jmp_buf out;

APART __attribute__((noreturn)) static void never(void)
{
	TAKE(1008);
	longjmp(out, 1);
}

static APART void calls_never(void)
{
	never();
}

static APART void noreturn(void)
{
	if (!setjmp(out))
		calls_never();
	RETURNS;
}

static APART void *thread_main(void *arg)
{
	TAKE(1009);
	RETURNS;
	return arg;
}

static APART void thread(void)
{
	pthread_t id;

	pthread_create(&id, NULL, thread_main, NULL);
	pthread_join(id, NULL);
}

/* === Code that nobody wrote rules for === */

void bare_with_pointer(void (*call)(void));
void bare(void (*call)(void));
__asm__(".text\n"
	".type	bare_with_pointer, @function\n"
	"bare_with_pointer:\n"
	"	push	%rbp\n"
	"	mov	%rsp, %rbp\n"
	"	call	*%rdi\n"
	"	pop	%rbp\n"
	"	ret\n"
	"	.size	bare_with_pointer, . - bare_with_pointer\n"
	".type	bare, @function\n"
	"bare:\n"
	"	push	%rbp\n"
	"	mov	$3, %ebp\n"
	"	call	*%rdi\n"
	"	pop	%rbp\n"
	"	ret\n"
	"	.size	bare, . - bare\n");

static APART void in_bare_with_pointer(void)
{
	TAKE(1010);
	RETURNS;
}

static APART void in_bare(void)
{
	TAKE(1011);
	RETURNS;
}

static APART void in_jit(void)
{
	TAKE(1012);
	RETURNS;
}

/* bare_with_pointer() as a JIT has it, in memory that is no file. */
static APART void jit(void)
{
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(page, (const void *)bare_with_pointer, 16);
	((void (*)(void (*)(void)))page)(in_jit);
	munmap(page, 4096);
}

static APART void without_rules(void)
{
	bare_with_pointer(in_bare_with_pointer);
	bare(in_bare);
	jit();
	RETURNS;
}

int main(void)
{
	program_ready();
	plain();
	callback();
	duplicate();
	trapped(1004, 0);
	trapped_elsewhere();
	trapped_by_a_bare_libc();
	realigned(100);
	variable(300);
	noreturn();
	thread();
	without_rules();
	program_done();
	return 0;
}
