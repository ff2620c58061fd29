// SPDX-License-Identifier: GPL-2.0-only
/*
 * live: compares the stack walks of our unwinder with libdwfl's, in a program that is stopped at
 * random points.
 *
 *	live NAME STOPS COMMAND...
 *
 * The last line is "NAME stops S frames N equal E". N counts the frames that libdwfl finds. A frame
 * is equal if ours has the same pc at the same depth and all inner frames are equal. A line
 * "# difference: ..." is printed for each stop at which the walks differ or one ends earlier;
 * run-live counts them by their text. LIVE_VERBOSE in the environment adds the addresses.
 *
 * Each thread is traced from its start; one at a time, chosen at random, is stopped.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

#define OPTIONS (PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)
#define MAX_WAITS 200

struct tally {
	const char *name;
	unsigned long stops, frames, equal;
};

static struct process *ours;
static struct peer *theirs;

static void die_errno(const char *what)
{
	perror(what);
	exit(2);
}

static pid_t start_program(char **command)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
		_exit(126);
	execvp(command[0], command);
	_exit(127);
}

/* Continue a thread that we did not stop; deliver its signal if it has one. */
static void continue_thread(pid_t tid, int status)
{
	int signal = WSTOPSIG(status);

	if (!WIFSTOPPED(status))
		return;
	if (status >> 16 || signal == SIGTRAP || signal == SIGSTOP)
		signal = 0;
	ptrace(PTRACE_CONT, tid, 0, signal);
}

/*
 * Continue all threads that have stopped except @wanted, for which it waits, and set @stopped if it
 * has stopped. Return: false if all threads have ended.
 */
static bool settle_threads(pid_t wanted, bool *stopped)
{
	int status, waits;
	pid_t tid;

	*stopped = false;
	for (waits = 0; waits < MAX_WAITS; waits++) {
		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid < 0)
			return false;
		if (!tid && !wanted)
			return true;
		if (!tid) {
			usleep(100);
			continue;
		}
		if (tid == wanted && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP &&
		    !(status >> 16)) {
			*stopped = true;
			return true;
		}
		continue_thread(tid, status);
	}
	return true;
}

static void print_difference(const struct tally *t, const char *what, const struct frames *a,
			     const struct frames *b, unsigned int at)
{
	printf("# difference: %s: %s (our walk ended: %s, libdwfl's: %s)\n", t->name, what, a->end,
	       b->end);
	if (getenv("LIVE_VERBOSE"))
		printf("#   frame %u: ours %#llx libdwfl's %#llx, last equal %#llx\n", at,
		       at < a->nr ? a->pc[at] : 0, at < b->nr ? b->pc[at] : 0,
		       at ? a->pc[at - 1] : 0);
}

static void compare_walks(struct tally *t, pid_t pid, pid_t tid)
{
	static struct frames a, b;
	struct user_regs_struct regs;
	unsigned int i = 0;

	if (ptrace(PTRACE_GETREGS, tid, 0, &regs))
		return;
	peer_follow(pid, &ours, &theirs);
	walk(ours, &regs, &a);
	peer_walk(theirs, tid, &b);
	/* libdwfl returns the last return address without checking that it is code. */
	while (b.nr && !process_has_code(ours, b.pc[b.nr - 1]))
		b.nr--;
	while (i < a.nr && i < b.nr && a.pc[i] == b.pc[i])
		i++;
	t->stops++;
	t->frames += b.nr;
	t->equal += i;
	if (i < a.nr && i < b.nr)
		print_difference(t, "different caller", &a, &b, i);
	else if (i < b.nr)
		print_difference(t, "our walk ends earlier", &a, &b, i);
	else if (i < a.nr)
		print_difference(t, "libdwfl's walk ends earlier", &a, &b, i);
}

static void sample_thread(struct tally *t, pid_t pid)
{
	pid_t tid = process_any_thread(pid);
	bool stopped = false;

	if (syscall(234 /* tgkill */, pid, tid, SIGSTOP))
		return;
	if (settle_threads(tid, &stopped) && stopped) {
		compare_walks(t, pid, tid);
		ptrace(PTRACE_CONT, tid, 0, 0);
	}
}

int main(int argc, char **argv)
{
	struct tally tally = { .name = argv[1] };
	unsigned long stops;
	bool unused;
	int status;
	pid_t pid;

	if (argc < 4)
		return 2;
	stops = strtoul(argv[2], NULL, 10);
	srand(1);
	pid = start_program(argv + 3);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, OPTIONS))
		die_errno(argv[3]);
	ptrace(PTRACE_CONT, pid, 0, 0);
	while (tally.stops < stops && settle_threads(0, &unused)) {
		usleep(rand() % 3000);
		sample_thread(&tally, pid);
	}
	kill(pid, SIGKILL);
	printf("%s stops %lu frames %lu equal %lu\n", tally.name, tally.stops, tally.frames,
	       tally.equal);
	return 0;
}
