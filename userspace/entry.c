// SPDX-License-Identifier: GPL-2.0-only
/*
 * A breakpoint at the entry point of a program that is stopped under ptrace.
 *
 * At the exec stop only the program and its dynamic linker are mapped, but no allocator. So the
 * breakpoint is set at AT_ENTRY: when it is hit, the linker has mapped all libraries that the
 * program is linked with, and no instruction of the program itself has been executed. The same
 * holds for static programs. Depends on arch.h.
 */
#include "entry.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <unistd.h>

#include "arch.h"
#include "mem.h"

/**
 * mu_entry_is_64_bit() - check the program of a process
 * @pid: the process
 *
 * Return: true if it is a 64-bit ELF file.
 */
bool mu_entry_is_64_bit(pid_t pid)
{
	char *path = mu_format("/proc/%d/exe", pid);
	unsigned char ident[EI_NIDENT] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, ident, sizeof(ident)) == (ssize_t)sizeof(ident);

	if (fd >= 0)
		close(fd);
	free(path);
	return whole && ident[EI_CLASS] == ELFCLASS64;
}

static uint64_t read_entry_point(pid_t pid)
{
	char *path = mu_format("/proc/%d/auxv", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t found = 0;
	Elf64_auxv_t aux;

	free(path);
	if (fd < 0)
		return 0;
	while (!found && read(fd, &aux, sizeof(aux)) == (ssize_t)sizeof(aux))
		if (aux.a_type == AT_ENTRY)
			found = aux.a_un.a_val;
	close(fd);
	return found;
}

/**
 * mu_entry_plant() - set the breakpoint
 * @pid: the process
 * @e: set to the breakpoint
 *
 * Return: false, with errno, if the entry point is not known or cannot be written.
 */
bool mu_entry_plant(pid_t pid, struct mu_entry *e)
{
	uint64_t addr = read_entry_point(pid);

	e->addr = 0;
	if (!addr)
		return false;
	errno = 0;
	e->word = ptrace(PTRACE_PEEKTEXT, pid, addr, NULL);
	if (errno ||
	    ptrace(PTRACE_POKETEXT, pid, addr, (e->word & ~MU_BREAKPOINT_MASK) | MU_BREAKPOINT))
		return false;
	e->addr = addr;
	return true;
}

static bool access_regs(int request, pid_t pid, struct user_regs_struct *regs)
{
	struct iovec io = { .iov_base = regs, .iov_len = sizeof(*regs) };

	return !ptrace(request, pid, NT_PRSTATUS, &io);
}

/**
 * mu_entry_is_hit() - check why a process was stopped by SIGTRAP
 * @pid: the process
 * @e: the breakpoint
 *
 * Return: true if it has just hit the breakpoint.
 */
bool mu_entry_is_hit(pid_t pid, const struct mu_entry *e)
{
	struct user_regs_struct regs;

	return e->addr && access_regs(PTRACE_GETREGSET, pid, &regs) &&
	       MU_PC(regs) == e->addr + MU_BREAKPOINT_STEP;
}

/**
 * mu_entry_remove() - restore the instruction, and the pc if the breakpoint was hit
 * @pid: the process
 * @e: the breakpoint
 *
 * Return: false if that failed.
 */
bool mu_entry_remove(pid_t pid, struct mu_entry *e)
{
	struct user_regs_struct regs;
	uint64_t addr = e->addr;

	if (!access_regs(PTRACE_GETREGSET, pid, &regs) ||
	    ptrace(PTRACE_POKETEXT, pid, addr, e->word))
		return false;
	e->addr = 0;
	if (MU_PC(regs) != addr + MU_BREAKPOINT_STEP)
		return true;
	MU_PC(regs) = addr;
	return access_regs(PTRACE_SETREGSET, pid, &regs);
}
