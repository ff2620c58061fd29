// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's half of "handlers", without the measurement: per-CPU areas, the program as the target,
 * and the calls of malloc and free.
 *
 * The per-CPU variables of kernel.c and of the module are a section of this program. As in the
 * kernel, each CPU has a copy of it at some distance, which is the base of gs. The copy is at the
 * variable's address plus that base. Where gs begins, the compiler expects the stack's canary.
 */
#include <asm/prctl.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "handlers.h"
#include "user.h"

#define PAGE 4096UL
/* The base of gs of a CPU, far from all else. */
#define AREA(cpu) (((cpu) + 1UL) << 40)

extern char __start_mlu_percpu[], __stop_mlu_percpu[];
extern char __executable_start[], etext[];

/**
 * user_die() - end the program because it cannot measure
 * @what: the reason
 */
void user_die(const char *what)
{
	fprintf(stderr, "handlers: %s\n", what);
	exit(1);
}

/* A function of the kernel that is missing in kernel.c is at address 0. */
static void report_crash(int sig, siginfo_t *info, void *context)
{
	const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig;
	if (!regs[REG_RIP])
		fprintf(stderr, "handlers: a function was called that kernel.c lacks, from %lx\n",
			*(unsigned long *)regs[REG_RSP]);
	else
		fprintf(stderr, "handlers: fault at %llx, address %p\n", regs[REG_RIP],
			info->si_addr);
	_exit(1);
}

static void map_at(unsigned long start, unsigned long end)
{
	start &= -PAGE;
	if (mmap((void *)start, end - start, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_FIXED_NOREPLACE, -1,
		 0) != (void *)start)
		user_die("cannot map the area of a CPU");
}

static void make_area(unsigned int cpu)
{
	unsigned long start = AREA(cpu) + (unsigned long)__start_mlu_percpu;
	size_t len = (unsigned long)__stop_mlu_percpu - (unsigned long)__start_mlu_percpu;

	map_at(AREA(cpu), AREA(cpu) + PAGE);
	map_at(start, start + len);
	memcpy((void *)start, __start_mlu_percpu, len);
	user_set_cpu(cpu);
	handlers_init_cpu(cpu, AREA(cpu));
}

static void patch_code(void)
{
	unsigned long start = (unsigned long)__executable_start;
	unsigned long len = (unsigned long)etext - start;

	if (mprotect((void *)start, len, PROT_READ | PROT_WRITE | PROT_EXEC))
		user_die("cannot write to the code");
	handlers_patch();
	/* The kernel inserts no breakpoint into pages that can be written to. */
	if (mprotect((void *)start, len, PROT_READ | PROT_EXEC))
		user_die("cannot protect the code");
}

static void read_image(struct handlers_image *image)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		user_die("cannot open this program");
	image->size = st.st_size;
	image->bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image->bytes == MAP_FAILED)
		user_die("cannot map this program");
	image->start = (unsigned long)__executable_start;
	image->end = (unsigned long)etext;
	image->stack = (unsigned long)environ;
	close(fd);
}

/**
 * user_init() - make the CPUs' areas and begin to trace this program
 */
void user_init(void)
{
	const struct sigaction action = { .sa_sigaction = report_crash, .sa_flags = SA_SIGINFO };
	struct handlers_image image;
	unsigned int cpu;

	sigaction(SIGSEGV, &action, NULL);
	patch_code();
	for (cpu = HANDLERS_CPUS; cpu-- > 0;)
		make_area(cpu);
	read_image(&image);
	if (handlers_init(&image))
		user_die("cannot trace this program");
}

/**
 * user_set_cpu() - make this thread that of a CPU
 * @cpu: the CPU's number; it is not that of the processor which executes the thread
 */
void user_set_cpu(unsigned int cpu)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, AREA(cpu)))
		user_die("cannot set the base of gs");
}

/*
 * The entry of malloc and of free: stores the registers that unwinding needs as struct pt_regs has
 * them, on the stack, below the return address. The caller's frame is the first that is walked.
 */
/* clang-format off */
__asm__(".text\n"
	".globl user_pair\n"
	".type user_pair, @function\n"
	"user_pair:\n"
	"	.cfi_startproc\n"
	"	sub	$168, %rsp\n"
	"	.cfi_adjust_cfa_offset 168\n"
	"	mov	%r15, (%rsp)\n"
	"	mov	%r14, 8(%rsp)\n"
	"	mov	%r13, 16(%rsp)\n"
	"	mov	%r12, 24(%rsp)\n"
	"	mov	%rbp, 32(%rsp)\n"
	"	mov	%rbx, 40(%rsp)\n"
	"	lea	168(%rsp), %rax\n"
	"	mov	%rax, 152(%rsp)\n"
	"	mov	%rdi, %rsi\n"
	"	mov	%rsp, %rdi\n"
	"	call	handlers_pair\n"
	"	add	$168, %rsp\n"
	"	.cfi_adjust_cfa_offset -168\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size user_pair, .-user_pair\n");
/* clang-format on */
