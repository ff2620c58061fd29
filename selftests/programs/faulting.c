// SPDX-License-Identifier: GPL-2.0-only
/*
 * faulting: calls allocators whose caller's frame lies on a page that is not there
 * and that nobody gives (userfaultfd).  Whoever walks that stack and waits for the
 * page waits for ever.  Each step allocates and frees so.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "program.h"

#define PAGE 4096ul

static char *area; /* sixteen pages: the last one is missing */

/* The stack is that of the caller, the frame pointer points into the missing page above it. */
static void *call_from_nowhere(void *function, size_t a, size_t b)
{
#ifdef __x86_64__
	void *p, *stack = area + 15 * PAGE - 64, *frame = area + 15 * PAGE + 64;

	__asm__ volatile("mov %%rbp, %%r12\n"
			 "mov %%rsp, %%rbx\n"
			 "mov %3, %%rsp\n"
			 "mov %4, %%rbp\n"
			 "call *%5\n"
			 "mov %%rbx, %%rsp\n"
			 "mov %%r12, %%rbp\n"
			 : "=a"(p), "+D"(a), "+S"(b)
			 : "r"(stack), "r"(frame), "r"(function)
			 : "rbx", "rdx", "rcx", "r8", "r9", "r10", "r11", "r12", "memory", "cc");
	return p;
#else
	_exit(4);
#endif
}

static void leave_out_the_last_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		_exit(4);
	area = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		program_die("mmap");
	memset(area, 0, 15 * PAGE);
	range.range.start = (uintptr_t)area + 15 * PAGE;
	range.range.len = PAGE;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		program_die("userfaultfd");
}

int main(void)
{
	leave_out_the_last_page();
	program_ready();
	do {
		program_keep(call_from_nowhere(malloc, 901, 0), 901);
		program_keep(call_from_nowhere(calloc, 1, 902), 902);
		call_from_nowhere(free, (size_t)call_from_nowhere(malloc, 903, 0), 0);
	} while (program_done() != 'e');
	return 0;
}
