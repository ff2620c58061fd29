// SPDX-License-Identifier: GPL-2.0-only
/*
 * coroutines LIBRARY: blocks from coroutines, in which the outermost function was not called but
 * entered with a return address that the coroutine library has stored. Each stack has a block size
 * of its own.
 *
 * Steps, in this order:
 * 1. Coroutines of makecontext(), and stacks made by hand with each of the return addresses that
 *    coroutine libraries store.
 * 2. LIBRARY is loaded. It is built from this file with -DLIBRARY, and its constructor does the
 *    same with stacks made by hand. These stacks are walked after the library's unwind data was
 *    read.
 *
 * The words above the outermost frame, and those the frame pointer points to, look like a frame of
 * decoy_frame(): a walk that does not stop in time shows this function.
 *
 * Used by stacks, which compares the names of the functions.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "program.h"

#define APART __attribute__((noipa))
#define SIZE (64 << 10)
/* Prevents a tail call: the compiler must not make a jump of the call before this. */
#define RETURNS __asm__ volatile("" : : : "memory")

#ifdef LIBRARY
#define BASE 4000
#else
#define BASE 3000
#endif

void *program_take(size_t size);

/* === Code to return to === */

void padded_first(void);
void adjoining_first(void);
void without_caller(void);
void bare_label(void);
void ends_with_call(void (*call)(void));
void bare_ends_with_call(void (*call)(void));
void enter(void *sp, void (*function)(void), const void *fp);

__asm__(".text\n"
	".type	before_padding, @function\n"
	"before_padding:\n"
	"	.cfi_startproc\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.skip	5, 0x90\n"
	".type	padded_first, @function\n"
	"padded_first:\n"
	"	.cfi_startproc\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".type	before_adjoining, @function\n"
	"before_adjoining:\n"
	"	.cfi_startproc\n"
	"	push	%rbx\n"
	"	.cfi_def_cfa_offset 16\n"
	"	pop	%rbx\n"
	"	.cfi_def_cfa_offset 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".type	adjoining_first, @function\n"
	"adjoining_first:\n"
	"	.cfi_startproc\n"
	"	nop\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".type	starts_a_thread, @function\n"
	"starts_a_thread:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined rip\n"
	"	call	*%rax\n"
	".type	without_caller, @function\n"
	"without_caller:\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".type	bare_start, @function\n"
	"bare_start:\n"
	"	nop\n"
	"	call	*%rax\n"
	".type	bare_label, @function\n"
	"bare_label:\n"
	"	ud2\n"
	"	.skip	5, 0x90\n"
	/*
	 * A function that ends with a call that never returns, directly before the next function.
	 */
	".type	ends_with_call, @function\n"
	"ends_with_call:\n"
	"	.cfi_startproc\n"
	"	push	%rbx\n"
	"	.cfi_def_cfa_offset 16\n"
	"	call	*%rdi\n"
	"	.cfi_endproc\n"
	".type	behind_the_call, @function\n"
	"behind_the_call:\n"
	"	.cfi_startproc\n"
	"	ret\n"
	"	.cfi_endproc\n"
	/* The same without unwind data, and with padding behind it. */
	".type	bare_ends_with_call, @function\n"
	"bare_ends_with_call:\n"
	"	push	%rbp\n"
	"	mov	%rsp, %rbp\n"
	"	call	*%rdi\n"
	"	.skip	5, 0x90\n"
	".type	behind_the_padding, @function\n"
	"behind_the_padding:\n"
	"	.cfi_startproc\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".type	enter, @function\n"
	"enter:\n"
	"	.cfi_startproc\n"
	"	mov	%rdi, %rsp\n"
	"	mov	%rdx, %rbp\n"
	"	jmp	*%rsi\n"
	"	.cfi_endproc\n");

static APART void decoy_frame(void)
{
	RETURNS;
}

/* The return address of libco and libucontext: a compiled function, which may adjoin another. */
static APART void compiled_first(void)
{
	program_die("a coroutine's function has returned");
}

/* === Stacks made by hand === */

static jmp_buf out;
static size_t size_to_take;

static APART void in_coroutine(void)
{
	program_take(size_to_take);
	longjmp(out, 1);
}

/* Where the frame pointer of the outermost function points to. */
enum pointer { NOTHING, DECOY, CODE };

static APART void run_above(uintptr_t ret, size_t size, enum pointer pointer)
{
	static uintptr_t area[SIZE / 8] __attribute__((aligned(16)));
	uintptr_t *sp = area + SIZE / 8 - 31, *frame = sp + 4;
	const void *fp[] = { [NOTHING] = NULL, [DECOY] = frame, [CODE] = (void *)bare_label };

	sp[0] = ret;
	sp[1] = (uintptr_t)decoy_frame + 1;
	frame[0] = 0;
	frame[1] = (uintptr_t)decoy_frame + 1;
	size_to_take = BASE + size;
	if (!setjmp(out))
		enter(sp, in_coroutine, fp[pointer]);
}

static APART void run_by_call(void (*function)(void (*call)(void)), size_t size)
{
	size_to_take = BASE + size;
	if (!setjmp(out))
		function(in_coroutine);
	RETURNS;
}

static APART void run_each(void)
{
	run_above((uintptr_t)padded_first, 101, DECOY);
	run_above((uintptr_t)adjoining_first, 102, DECOY);
	run_above((uintptr_t)compiled_first, 103, DECOY);
	run_above((uintptr_t)compiled_first + 1, 104, DECOY);
	run_above((uintptr_t)without_caller, 105, DECOY);
	run_above(0, 106, DECOY);
	run_above(0xdeaddeaddeaddead, 107, DECOY);
	run_above((uintptr_t)bare_label, 108, NOTHING);
	run_above((uintptr_t)bare_label, 109, CODE);
	run_by_call(ends_with_call, 110);
	run_by_call(bare_ends_with_call, 111);
	RETURNS;
}

#ifdef LIBRARY
__attribute__((constructor)) static void library_opened(void)
{
	run_each();
	RETURNS;
}
#else

/* Called from the library, too. */
APART void *program_take(size_t size)
{
	void *p = malloc(size);

	program_keep(p, size);
	return p;
}

/* === Coroutines of makecontext() === */

static ucontext_t back, first, second;
static char *area;

static APART void leak_and_leave(void)
{
	program_take(size_to_take);
	setcontext(&back);
}

static void make_context(ucontext_t *context, char *stack, ucontext_t *link, void (*function)(void))
{
	getcontext(context);
	context->uc_stack.ss_sp = stack;
	context->uc_stack.ss_size = SIZE;
	context->uc_link = link;
	makecontext(context, function, 0);
}

static APART void leak_in(char *stack, ucontext_t *link, size_t size)
{
	size_to_take = size;
	make_context(&first, stack, link, leak_and_leave);
	swapcontext(&back, &first);
	RETURNS;
}

static APART void make_second(void)
{
	make_context(&second, area, &first, leak_and_leave);
	swapcontext(&first, &second);
	RETURNS;
}

/* The coroutine is made by another one, whose stack is directly above. */
static APART void leak_in_second(size_t size)
{
	size_to_take = size;
	make_context(&first, area + SIZE, &back, make_second);
	swapcontext(&back, &first);
	RETURNS;
}

static APART void make_contexts(void)
{
	char here[SIZE];

	leak_in(here, &back, 3001);
	leak_in(area, &back, 3002);
	leak_in(area, NULL, 3003);
	leak_in_second(3004);
	RETURNS;
}

static APART void open_library(const char *path)
{
	if (!dlopen(path, RTLD_NOW))
		program_die(path);
	RETURNS;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	area = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	program_ready();
	make_contexts();
	run_each();
	program_done();
	open_library(argv[1]);
	program_done();
	return 0;
}
#endif
