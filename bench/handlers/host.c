// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's own bare probes: a breakpoint and a return probe on a function that allocates, and a
 * breakpoint on one that frees. They are perf's, and their events are disabled: the kernel handles
 * the exceptions and calls no handler.
 *
 * Both functions begin with an instruction that the kernel emulates, as those of the C library do.
 */
#include <elf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user.h"

#define PMU "/sys/bus/event_source/devices/uprobe/"

void *host_alloc(unsigned long size);
void host_free(void *block);

/* clang-format off */
__asm__(".text\n"
	".globl host_alloc\n"
	".type host_alloc, @function\n"
	"host_alloc:\n"
	"	push	%rbx\n"
	"	call	malloc\n"
	"	pop	%rbx\n"
	"	ret\n"
	".size host_alloc, .-host_alloc\n"
	".globl host_free\n"
	".type host_free, @function\n"
	"host_free:\n"
	"	push	%rbx\n"
	"	call	free\n"
	"	pop	%rbx\n"
	"	ret\n"
	".size host_free, .-host_free\n");
/* clang-format on */

/* Return: the number in a file, or -1. */
static int read_number(const char *path, const char *format)
{
	FILE *f = fopen(path, "r");
	int value = -1;

	if (f && fscanf(f, format, &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

/* The offset of an address in this program's file. */
static uint64_t offset_of(uint64_t addr)
{
	const Elf64_Phdr *p = (const void *)getauxval(AT_PHDR);
	unsigned long i;

	for (i = 0; i < getauxval(AT_PHNUM); i++, p++)
		if (p->p_type == PT_LOAD && addr - p->p_vaddr < p->p_filesz)
			return addr - p->p_vaddr + p->p_offset;
	return 0;
}

/* The probe stays until the program ends. */
static bool open_probe(int type, uint64_t addr, uint64_t config)
{
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = config,
		.config1 = (uintptr_t) "/proc/self/exe",
		.config2 = offset_of(addr),
		.disabled = 1,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC) >= 0;
}

/**
 * host_init() - insert the probes
 *
 * Return: NULL, or why this kernel has none.
 */
const char *host_init(void)
{
	int type = read_number(PMU "type", "%d");
	int bit = read_number(PMU "format/retprobe", "config:%d");

	if (type < 0 || bit < 0)
		return "perf has no uprobes";
	if (!open_probe(type, (uintptr_t)host_alloc, 0) ||
	    !open_probe(type, (uintptr_t)host_alloc, 1ULL << bit) ||
	    !open_probe(type, (uintptr_t)host_free, 0))
		return strerror(errno);
	return NULL;
}

/**
 * host_pair() - allocate a block and free it, through the functions with probes
 */
void host_pair(void)
{
	host_free(host_alloc(64));
}
