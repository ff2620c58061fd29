// SPDX-License-Identifier: GPL-2.0-only
/*
 * faulting: each step allocates and frees from a stack on which the caller's frame is on a missing
 * page that is never provided (userfaultfd). A walk of this stack that waits for the page never
 * ends.
 *
 * Used by faults.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "program.h"

#define PAGE 4096ul

static char *area; /* sixteen pages: the last one is missing */

/* The stack pointer is in the last page but one, the frame pointer in the missing one above it. */
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

static void map_without_the_last_page(void)
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
	map_without_the_last_page();
	program_ready();
	do {
		program_keep(call_from_nowhere(malloc, 901, 0), 901);
		program_keep(call_from_nowhere(calloc, 1, 902), 902);
		call_from_nowhere(free, (size_t)call_from_nowhere(malloc, 903, 0), 0);
	} while (program_done() != 'e');
	return 0;
}
