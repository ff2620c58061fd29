// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting a command under ptrace and running it to its entry point.
 *
 * At the exec stop only the dynamic linker is mapped beside the program, no
 * allocator yet. So a breakpoint goes to AT_ENTRY; when it is hit the linker
 * has mapped everything the program was linked with, and not one instruction
 * of the program itself has run. Static programs come to the same point.
 *
 * Until the breakpoint is gone, the command dies with the tool: left alone it
 * would run into an instruction that is not its own.
 */
#include "command.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "mem.h"
#include "msg.h"
#include "words.h"

/* A breakpoint that stands at the entry point; addr 0: none does. */
struct entry {
	uint64_t addr;
	long word;
};

/*
 * A process group of its own keeps the terminal's Ctrl-C, which ends the
 * tool, away from the command. The tool's blocked signals are not inherited.
 */
static void run_child(char **argv, int report)
{
	sigset_t none;
	int error;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		execvp(argv[0], argv);
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(MLU_CANNOT_RUN);
	_exit(MLU_NOT_FOUND);
}

/* The statuses of shells, so that scripts can tell the command's absence from ours. */
static int explain_exec(const char *name, int error)
{
	char *text = mlu_escaped(name);

	if (error == ENOENT)
		mlu_warn("%s: command not found", text);
	else
		mlu_warn("%s: %s", text, strerror(error));
	free(text);
	return error == ENOENT ? MLU_NOT_FOUND : MLU_CANNOT_RUN;
}

/* The pipe closes at exec, or brings the errno of the exec that failed. */
static int exec_error(int pipe_end)
{
	int error = 0;
	ssize_t got;

	do {
		got = read(pipe_end, &error, sizeof(error));
	} while (got < 0 && errno == EINTR);
	return got == sizeof(error) ? error : 0;
}

static int spawn(char **argv, pid_t *pid)
{
	int ends[2];
	int error;

	if (pipe2(ends, O_CLOEXEC)) {
		mlu_warn("no pipe for the command: %s", strerror(errno));
		return MLU_NOTHING;
	}
	*pid = fork();
	if (*pid == 0)
		run_child(argv, ends[1]);
	close(ends[1]);
	if (*pid < 0)
		mlu_warn("cannot start the command: %s", strerror(errno));
	error = *pid < 0 ? 0 : exec_error(ends[0]);
	close(ends[0]);
	if (*pid < 0)
		return MLU_NOTHING;
	if (!error)
		return 0;
	waitpid(*pid, NULL, 0);
	return explain_exec(argv[0], error);
}

static bool is_64_bit(pid_t pid)
{
	char *path = mlu_format("/proc/%d/exe", pid);
	unsigned char ident[EI_NIDENT] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, ident, sizeof(ident)) == (ssize_t)sizeof(ident);

	if (fd >= 0)
		close(fd);
	free(path);
	return whole && ident[EI_CLASS] == ELFCLASS64;
}

static uint64_t entry_point(pid_t pid)
{
	char *path = mlu_format("/proc/%d/auxv", pid);
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

static bool plant(pid_t pid, struct entry *e)
{
	e->addr = entry_point(pid);
	if (!e->addr)
		return false;
	errno = 0;
	e->word = ptrace(PTRACE_PEEKTEXT, pid, e->addr, NULL);
	if (errno)
		return false;
	return !ptrace(PTRACE_POKETEXT, pid, e->addr,
		       (e->word & ~MLU_BREAKPOINT_MASK) | MLU_BREAKPOINT);
}

static bool access_regs(int request, pid_t pid, struct user_regs_struct *regs)
{
	struct iovec io = { .iov_base = regs, .iov_len = sizeof(*regs) };

	return !ptrace(request, pid, NT_PRSTATUS, &io);
}

static bool is_at(pid_t pid, const struct entry *e)
{
	struct user_regs_struct regs;

	return access_regs(PTRACE_GETREGSET, pid, &regs) &&
	       MLU_PC(regs) == e->addr + MLU_BREAKPOINT_STEP;
}

/* Puts back the byte and the pc: as if the breakpoint had never been there. */
static bool unplant(pid_t pid, const struct entry *e)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_POKETEXT, pid, e->addr, e->word) ||
	    !access_regs(PTRACE_GETREGSET, pid, &regs))
		return false;
	MLU_PC(regs) = e->addr;
	return access_regs(PTRACE_SETREGSET, pid, &regs);
}

/*
 * Runs to the next stop, passing on the signal of the last one. An exec on the
 * way (by the constructor of a preloaded object) is a new program with a new
 * entry point.
 */
static bool run_on(pid_t pid, struct entry *e, int *status)
{
	int signal = 0;

	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, signal) || waitpid(pid, status, 0) != pid)
			return false;
		if (!WIFSTOPPED(*status))
			return false;
		signal = WSTOPSIG(*status);
		if (*status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			signal = 0;
			if (!plant(pid, e))
				return false;
		} else if (signal == SIGTRAP && is_at(pid, e)) {
			return true;
		}
	}
}

static int explain_end(pid_t pid, int status)
{
	if (WIFEXITED(status)) {
		mlu_warn("the command ended with status %d before its entry point",
			 WEXITSTATUS(status));
	} else if (WIFSIGNALED(status)) {
		mlu_warn("the command was killed by signal %d before its entry point",
			 WTERMSIG(status));
	} else {
		mlu_warn("the command cannot be run to its entry point: %s", strerror(errno));
		mlu_command_kill(pid);
	}
	return MLU_NOTHING;
}

/* A 32-bit program stays at its exec stop: the kernel side refuses it by name. */
static int run_to_entry(pid_t pid)
{
	struct entry e = {};
	int status = 0;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return explain_end(pid, status);
	if (!is_64_bit(pid))
		return 0;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC) ||
	    !plant(pid, &e) || !run_on(pid, &e, &status) || !unplant(pid, &e) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, 0))
		return explain_end(pid, status);
	return 0;
}

int mlu_command_start(const char *line, pid_t *pid)
{
	const char *why;
	char **argv = mlu_words_split(line, &why);
	int status;

	if (!argv)
		return mlu_usage_error("-c: bad command: %s", why);
	status = spawn(argv, pid);
	mlu_words_free(argv);
	return status ? status : run_to_entry(*pid);
}

void mlu_command_release(pid_t pid)
{
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

void mlu_command_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void mlu_command_reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		return;
	if (WIFSIGNALED(status))
		mlu_warn("the command was killed by signal %d", WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		mlu_warn("the command ended with status %d", WEXITSTATUS(status));
}
