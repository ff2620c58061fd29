// SPDX-License-Identifier: GPL-2.0-only
/*
 * hit: stops a thread at calls of a function, see hit.h.
 *
 * The debug registers are described in Intel's manual, volume 3, chapter 18.2: %dr0 holds the
 * address, and the lowest bit of %dr7 makes it an instruction breakpoint.
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

/* Return: false if the thread has ended or does not stop within @ms */
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

/* Continue the thread; deliver its signal unless it is our trap. */
static void continue_thread(pid_t tid, int status)
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

/* Run until the breakpoint is hit, with the stack pointer at @sp if that is not 0. */
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
		continue_thread(tid, status);
	}
	return false;
}

static bool interrupt_thread(pid_t tid)
{
	int status;

	return !ptrace(PTRACE_INTERRUPT, tid, 0, 0) && wait_stop(tid, STOP_MS, &status);
}

/**
 * hit_call() - attach to a thread and stop it at an instruction
 * @tid: the thread
 * @pc: address of the instruction
 * @ms: time limit in milliseconds
 * @regs: is set to the thread's registers there
 *
 * Return: false if the thread did not get there or has ended; it is detached then
 */
bool hit_call(pid_t tid, uint64_t pc, unsigned int ms, struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_SEIZE, tid, 0, 0))
		return false;
	if (interrupt_thread(tid) && set_breakpoint(tid, pc) && run_to(tid, ms, 0, regs))
		return true;
	interrupt_thread(tid);
	hit_done(tid);
	return false;
}

/**
 * hit_return() - run a thread until the function that it has just called returns
 * @tid: the thread, stopped at the function's first instruction
 * @ms: time limit in milliseconds
 * @regs: its registers there; is set to its registers after the return
 *
 * Return: false if the function did not return in time
 */
bool hit_return(pid_t tid, unsigned int ms, struct user_regs_struct *regs)
{
	struct iovec local, remote = { (void *)(uintptr_t)regs->rsp, 8 };
	uint64_t back;

	local = (struct iovec){ &back, 8 };
	if (process_vm_readv(tid, &local, 1, &remote, 1, 0) != 8 || !set_breakpoint(tid, back))
		return false;
	if (run_to(tid, ms, regs->rsp + 8, regs))
		return true;
	interrupt_thread(tid);
	return false;
}

/**
 * hit_done() - detach from a thread and let it continue
 * @tid: the thread
 */
void hit_done(pid_t tid)
{
	set_breakpoint(tid, 0);
	ptrace(PTRACE_DETACH, tid, 0, 0);
}
