/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs for tests of -c: built in a temporary directory, and inspected while they are stopped
 * under ptrace.
 */
#ifndef MU_TESTS_PROGRAM_H
#define MU_TESTS_PROGRAM_H

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "mem.h"

/* The temporary directory. */
static char *dir;

static inline bool make_directory(void)
{
	dir = mu_format("/tmp/memleak-user-XXXXXX");
	if (mkdtemp(dir))
		return true;
	perror(dir);
	return false;
}

static inline void remove_directory(void)
{
	char *command = mu_format("rm -rf '%s'", dir);

	if (system(command))
		perror(dir);
	free(command);
	free(dir);
}

static inline bool write_file(const char *name, const char *text, mode_t mode)
{
	char *path = mu_format("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!written)
		perror(path);
	if (fd >= 0)
		close(fd);
	free(path);
	return written;
}

/* Compiles p.c. */
static inline bool build_program(const char *name, const char *flags)
{
	char *command = mu_format("cd %s && ${CC:-cc} -O1 -w %s -o %s p.c", dir, flags, name);
	bool built = system(command) == 0;

	free(command);
	return built;
}

/* Return: the first line of a file, "" if it does not exist or is empty. Takes path. */
static inline const char *read_line(char *path)
{
	static char text[256];
	FILE *file = fopen(path, "r");

	text[0] = '\0';
	if (file && !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	free(path);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static inline uint64_t read_pc(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec io = { .iov_base = &regs, .iov_len = sizeof(regs) };

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) ? 0 : MU_PC(regs);
}

static inline uint64_t read_entry(pid_t pid)
{
	char *path = mu_format("/proc/%d/auxv", pid);
	FILE *file = fopen(path, "r");
	uint64_t entry = 0;
	Elf64_auxv_t aux;

	while (file && fread(&aux, sizeof(aux), 1, file) == 1)
		if (aux.a_type == AT_ENTRY)
			entry = aux.a_un.a_val;
	if (file)
		fclose(file);
	free(path);
	return entry;
}

/* Return: true if a breakpoint is set at the entry point. */
static inline bool has_breakpoint(pid_t pid)
{
	long word = ptrace(PTRACE_PEEKTEXT, pid, read_entry(pid), NULL);

	return (word & MU_BREAKPOINT_MASK) == MU_BREAKPOINT;
}

/* Waits for the end of a child. */
static inline bool ends_with_status(pid_t pid, int wanted)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == wanted;
}

#endif
