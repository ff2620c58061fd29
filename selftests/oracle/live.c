// SPDX-License-Identifier: GPL-2.0-only
/*
 * live: a program, stopped at random points, its stack walked by our unwinder and by libdwfl.
 *
 *	live NAME STOPS COMMAND...
 *
 * Last line: NAME stops S frames N equal E.  Frames are those that libdwfl finds; one is equal if
 * ours has the same pc in the same place.  Where one side goes further than the other, or
 * elsewhere, a line says so: "# difference: ...", to be counted by who calls.
 *
 * Every thread is traced from its birth; one is stopped at a time, chosen at random.
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

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static pid_t start(char **command)
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

/* What is no stop of ours goes on, with its signal if it has one. */
static void go_on(pid_t tid, int status)
{
	int signal = WSTOPSIG(status);

	if (!WIFSTOPPED(status))
		return;
	if (status >> 16 || signal == SIGTRAP || signal == SIGSTOP)
		signal = 0;
	ptrace(PTRACE_CONT, tid, 0, signal);
}

/*
 * Let all that has stopped go on, but for the one that is to be looked at.  False: all have ended.
 */
static bool settle(pid_t wanted, bool *stopped)
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
		go_on(tid, status);
	}
	return true;
}

static void tell(const struct tally *t, const char *what, const struct frames *a,
		 const struct frames *b, unsigned int at)
{
	printf("# difference: %s: %s (ours ended: %s, libdwfl's: %s)\n", t->name, what, a->end,
	       b->end);
	if (getenv("LIVE_VERBOSE"))
		printf("#   frame %u: ours %#llx libdwfl's %#llx, last equal %#llx\n", at,
		       at < a->nr ? a->pc[at] : 0, at < b->nr ? b->pc[at] : 0,
		       at ? a->pc[at - 1] : 0);
}

static void compare(struct tally *t, pid_t pid, pid_t tid)
{
	static struct frames a, b;
	struct user_regs_struct regs;
	unsigned int i = 0;

	if (ptrace(PTRACE_GETREGS, tid, 0, &regs))
		return;
	peer_follow(pid, &ours, &theirs);
	walk(ours, &regs, &a);
	peer_walk(theirs, tid, &b);
	/* libdwfl hands out a return address before it looks what that is. */
	while (b.nr && !process_has_code(ours, b.pc[b.nr - 1]))
		b.nr--;
	while (i < a.nr && i < b.nr && a.pc[i] == b.pc[i])
		i++;
	t->stops++;
	t->frames += b.nr;
	t->equal += i;
	if (i < a.nr && i < b.nr)
		tell(t, "another caller", &a, &b, i);
	else if (i < b.nr)
		tell(t, "libdwfl goes further", &a, &b, i);
	else if (i < a.nr)
		tell(t, "ours goes further", &a, &b, i);
}

static void look(struct tally *t, pid_t pid)
{
	pid_t tid = process_any_thread(pid);
	bool stopped = false;

	if (syscall(234 /* tgkill */, pid, tid, SIGSTOP))
		return;
	if (settle(tid, &stopped) && stopped) {
		compare(t, pid, tid);
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
	pid = start(argv + 3);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, OPTIONS))
		die(argv[3]);
	ptrace(PTRACE_CONT, pid, 0, 0);
	while (tally.stops < stops && settle(0, &unused)) {
		usleep(rand() % 3000);
		look(&tally, pid);
	}
	kill(pid, SIGKILL);
	printf("%s stops %lu frames %lu equal %lu\n", tally.name, tally.stops, tally.frames,
	       tally.equal);
	return 0;
}
