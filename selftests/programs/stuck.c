// SPDX-License-Identifier: GPL-2.0-only
/*
 * stuck: first step: a thread calls malloc on a stack whose next page is missing (userfaultfd). If
 * the first instruction of malloc is a push, which the kernel emulates, the thread hangs in the
 * handling of the breakpoint. Second step: provides the page.
 *
 * Used by timeouts.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "program.h"

#define PAGE 4096ul

static char *stack; /* two pages: the lower one is missing */
static int fault_fd;
static pthread_barrier_t barrier;
static _Atomic int came_back;

/* The return address is at the start of the upper page: the next push writes to the lower one. */
static void *malloc_at_the_edge(size_t size)
{
#ifdef __x86_64__
	void *p, *top = stack + PAGE + 16;

	__asm__ volatile("mov %%rsp, %%rbx\n"
			 "mov %2, %%rsp\n"
			 "sub $8, %%rsp\n"
			 "call *%3\n"
			 "mov %%rbx, %%rsp\n"
			 : "=a"(p)
			 : "D"(size), "r"(top), "r"(malloc)
			 : "rbx", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11", "r12", "memory",
			   "cc");
	return p;
#else
	_exit(4);
#endif
}

static void *run_thread(void *arg)
{
	/* Malloc will find a cached block of this size, and so need little stack. */
	free(malloc(660));
	pthread_barrier_wait(&barrier);
	program_keep(malloc_at_the_edge(660), 660);
	came_back = 1;
	for (;;)
		pause();
	return arg;
}

static void map_without_the_lower_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	stack = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		program_die("mmap");
	stack[PAGE] = 0;
	fault_fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fault_fd < 0)
		_exit(4);
	range.range.start = (uintptr_t)stack;
	range.range.len = PAGE;
	if (ioctl(fault_fd, UFFDIO_API, &api) || ioctl(fault_fd, UFFDIO_REGISTER, &range))
		program_die("userfaultfd");
}

static void wait_for_fault(void)
{
	struct uffd_msg message;

	if (read(fault_fd, &message, sizeof(message)) != sizeof(message))
		program_die("read of a fault");
}

static void provide_page(void)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)stack, PAGE } };

	if (ioctl(fault_fd, UFFDIO_ZEROPAGE, &zero))
		program_die("UFFDIO_ZEROPAGE");
	while (!came_back)
		usleep(1000);
}

int main(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, run_thread, NULL))
		program_die("pthread_create");
	map_without_the_lower_page();
	program_ready();
	pthread_barrier_wait(&barrier);
	wait_for_fault();
	program_done();
	provide_page();
	program_done();
	return 0;
}
