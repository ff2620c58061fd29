// SPDX-License-Identifier: GPL-2.0-only
/*
 * hit: see hit.h.  The debug registers are those of Intel's manual, volume 3, chapter 18.2: %dr0
 * holds the address, and the lowest bit of %dr7 makes it one that must not be executed.
 */
#include "hit.h"

#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STOP_MS 5000
#define POLL_US 200

static unsigned long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* False: it has ended, or does not stop. */
static bool wait_stop(pid_t tid, unsigned int ms, int *status)
{
	unsigned long end = now_ms() + ms;
	pid_t got;

	do {
		got = waitpid(tid, status, __WALL | WNOHANG);
		if (got == tid)
			return WIFSTOPPED(*status);
		usleep(POLL_US);
	} while (!got && now_ms() < end);
	return false;
}

static bool is_trap(pid_t tid, int status)
{
	siginfo_t info;

	return status >> 16 == 0 && WSTOPSIG(status) == SIGTRAP &&
	       !ptrace(PTRACE_GETSIGINFO, tid, 0, &info) && info.si_code == TRAP_HWBKPT;
}

/* Signals reach it as if nobody watched. */
static void go_on(pid_t tid, int status)
{
	int signal = is_trap(tid, status) || status >> 16 ? 0 : WSTOPSIG(status);

	ptrace(PTRACE_CONT, tid, 0, signal);
}

static bool set_breakpoint(pid_t tid, uint64_t pc)
{
	return !ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, u_debugreg[7]), 0) &&
	       (!pc || (!ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, u_debugreg[0]), pc) &&
			!ptrace(PTRACE_POKEUSER, tid, offsetof(struct user, u_debugreg[7]), 1)));
}

/* Until it stops at the breakpoint, with its stack at @sp if that is given. */
static bool run_to(pid_t tid, unsigned int ms, uint64_t sp, struct user_regs_struct *regs)
{
	unsigned long end = now_ms() + ms;
	int status;

	ptrace(PTRACE_CONT, tid, 0, 0);
	while (now_ms() < end) {
		if (!wait_stop(tid, end - now_ms(), &status))
			return false;
		if (is_trap(tid, status) && !ptrace(PTRACE_GETREGS, tid, 0, regs) &&
		    (!sp || regs->rsp == sp))
			return set_breakpoint(tid, 0);
		go_on(tid, status);
	}
	return false;
}

static bool interrupt(pid_t tid)
{
	int status;

	return !ptrace(PTRACE_INTERRUPT, tid, 0, 0) && wait_stop(tid, STOP_MS, &status);
}

bool hit_call(pid_t tid, uint64_t pc, unsigned int ms, struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_SEIZE, tid, 0, 0))
		return false;
	if (interrupt(tid) && set_breakpoint(tid, pc) && run_to(tid, ms, 0, regs))
		return true;
	interrupt(tid);
	hit_done(tid);
	return false;
}

bool hit_return(pid_t tid, unsigned int ms, struct user_regs_struct *regs)
{
	struct iovec local, remote = { (void *)(uintptr_t)regs->rsp, 8 };
	uint64_t back;

	local = (struct iovec){ &back, 8 };
	if (process_vm_readv(tid, &local, 1, &remote, 1, 0) != 8 || !set_breakpoint(tid, back))
		return false;
	if (run_to(tid, ms, regs->rsp + 8, regs))
		return true;
	interrupt(tid);
	return false;
}

void hit_done(pid_t tid)
{
	set_breakpoint(tid, 0);
	ptrace(PTRACE_DETACH, tid, 0, 0);
}
