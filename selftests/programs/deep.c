// SPDX-License-Identifier: GPL-2.0-only
/*
 * deep: one step that keeps blocks allocated by functions without frame pointers. Each of them uses
 * the stack in another way and has a block size of its own. Built with -O2 as distributions do, but
 * without inlining and other changes across functions.
 *
 * Used by stacks, which compares the names of the functions, and by other_tracers.
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
/* Prevents a tail call: the compiler must not make a jump of the call before this. */
#define RETURNS __asm__ volatile("" : : : "memory")
#define TAKE(size) program_keep(malloc(size), size)

static APART void plain_inner(int n)
{
	TAKE(1001 + n - n);
	RETURNS;
}

static APART void plain_middle(int n)
{
	volatile char buffer[200];

	buffer[n] = n;
	plain_inner(buffer[n]);
	RETURNS;
}

static APART void plain_outer(void)
{
	plain_middle(7);
	RETURNS;
}

static bool compared;

static APART int compare_bytes(const void *a, const void *b)
{
	if (!compared)
		TAKE(1002);
	compared = true;
	return *(const char *)a - *(const char *)b;
}

static APART void sort_bytes(void)
{
	char text[] = "a C library calls back";

	qsort(text, sizeof(text), 1, compare_bytes);
	RETURNS;
}

static APART void duplicate_string(void)
{
	char text[1003];

	memset(text, 'x', sizeof(text));
	text[1002] = 0;
	program_keep(strdup(text), sizeof(text));
	RETURNS;
}

/* === Signals === */

/*
 * The interrupted instruction is the first one of a function. The instruction before it belongs to
 * another function with another unwind rule.
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

static APART void run_into_trap(size_t size, int flags)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | flags };

	in_handler = size;
	sigaction(SIGILL, &action, NULL);
	trap();
	RETURNS;
}

static APART void trapped_elsewhere(void)
{
	static char buffer[65536];
	const stack_t stack = { .ss_sp = buffer, .ss_size = sizeof(buffer) };

	sigaltstack(&stack, NULL);
	run_into_trap(1005, SA_ONSTACK);
	RETURNS;
}

/*
 * The instructions to which signal handlers return, in a libc without unwind data for them. The
 * handler returns to bare_restorer; the instruction before that address belongs to bare_libc.
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
	/* struct sigaction as the kernel defines it. */
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

/* === Frames of all kinds === */

static APART void touch_memory(volatile char *a, volatile char *b)
{
	*a = *b;
}

static APART void realigned_frame(size_t n)
{
	char wide[128] __attribute__((aligned(64)));
	char *more = alloca(n);

	touch_memory(wide, more);
	TAKE(1006);
	touch_memory(more, wide);
}

static APART void variable_frame(size_t n)
{
	char buffer[n];

	touch_memory(buffer, buffer + n - 1);
	TAKE(1007);
	touch_memory(buffer, buffer);
}

static jmp_buf out;

APART __attribute__((noreturn)) static void never_returns(void)
{
	TAKE(1008);
	longjmp(out, 1);
}

static APART void calls_never(void)
{
	never_returns();
}

static APART void catch_jump(void)
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

static APART void run_thread(void)
{
	pthread_t id;

	pthread_create(&id, NULL, thread_main, NULL);
	pthread_join(id, NULL);
}

/* === Code without unwind data === */

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

/* bare_with_pointer() in anonymous memory, as a JIT's code is. */
static APART void call_jit(void)
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
	call_jit();
	RETURNS;
}

int main(void)
{
	program_ready();
	plain_outer();
	sort_bytes();
	duplicate_string();
	run_into_trap(1004, 0);
	trapped_elsewhere();
	trapped_by_a_bare_libc();
	realigned_frame(100);
	variable_frame(300);
	catch_jump();
	run_thread();
	without_rules();
	program_done();
	return 0;
}
