// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who torture by tracing: a debugger of our own, which steps and follows system calls, strace
 * and gdb.  Each a process of its own, at one target at a time, until all is over.  Who finds that
 * another one traces already goes elsewhere.
 *
 * A target must not come to harm by them alone.  So nobody is left with a step pending; and gdb has
 * no breakpoints, lets no thread run, and holds no target that execs (both would wait for each
 * other in the kernel) or dies (gdb 13 aborts now and then).
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/mst.h"
#include "torture.h"

#define STRACE "/usr/bin/strace"
#define GDB "/usr/bin/gdb"
#define MAX_THREADS 32
#define PATIENCE 60000 /* ms */

/* Any thread of a process, 0 if it is gone. */
static pid_t some_thread(pid_t pid, unsigned int *seed)
{
	char path[64];
	pid_t tid[MAX_THREADS];
	unsigned int nr = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (nr < MAX_THREADS && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			tid[nr++] = atoi(entry->d_name);
	closedir(dir);
	return nr ? tid[torture_next(seed) % nr] : 0;
}

/* === A debugger of our own === */

/* Who is traced: a thread that calls exec has its process's number from then on. */
struct tracee {
	pid_t tid, pid;
};

static void interrupt(struct tracee *tracee)
{
	if (!ptrace(PTRACE_INTERRUPT, tracee->tid, 0, 0))
		return;
	if (!ptrace(PTRACE_INTERRUPT, tracee->pid, 0, 0))
		tracee->tid = tracee->pid;
}

/* 1: it is stopped, 0: not in that time, -1: it is gone. */
static int stops_within(struct tracee *tracee, int *status, int ms)
{
	pid_t pid;

	for (; ms > 0; ms--) {
		pid = waitpid(-1, status, __WALL | WNOHANG);
		if (pid < 0 || (pid > 0 && !WIFSTOPPED(*status)))
			return -1;
		if (pid > 0) {
			tracee->tid = pid;
			return 1;
		}
		usleep(1000);
	}
	return 0;
}

/* A thread in a long system call has to be asked for its stop. */
static bool is_stopped(struct tracee *tracee, int *status)
{
	int stops = stops_within(tracee, status, 10);

	if (stops)
		return stops > 0;
	interrupt(tracee);
	return stops_within(tracee, status, 100) > 0;
}

/* Lets a stopped tracee go on, with the signal that it was stopped for. */
static bool let_go_on(struct torture *t, const struct tracee *tracee, int status,
		      unsigned int *seed)
{
	static const int how[] = { PTRACE_SYSCALL, PTRACE_SINGLESTEP, PTRACE_SINGLESTEP };
	int sig = WSTOPSIG(status);

	if (status >> 16 || sig == SIGTRAP || sig == (SIGTRAP | 0x80))
		sig = 0;
	t->steps++;
	return ptrace(how[torture_next(seed) % 3], tracee->tid, 0, sig) == 0;
}

void torture_read_proc(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, size - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
}

/* Of the signals that wait for this thread alone (proc(5)); one that has gone has none. */
static bool trap_is_pending(pid_t tid)
{
	char text[4096], *at;

	torture_read_proc(tid, "status", text, sizeof(text));
	at = strstr(text, "\nSigPnd:");
	return at && strtoull(at + strlen("\nSigPnd:"), NULL, 16) & 1ull << (SIGTRAP - 1);
}

/*
 * The trap of a step may be pending behind the stop that was asked for, and would kill who is let
 * go with it: let it run without steps, and stop for the trap, until none is there.  (No step is
 * still to be made: the kernel ends a uprobe's before the thread stops.)
 */
static void let_go(struct tracee *tracee)
{
	int status, stops;

	interrupt(tracee);
	stops = stops_within(tracee, &status, PATIENCE);
	while (stops > 0 && trap_is_pending(tracee->tid) &&
	       ptrace(PTRACE_CONT, tracee->tid, 0, 0) == 0)
		stops = stops_within(tracee, &status, PATIENCE);
	if (stops > 0)
		ptrace(PTRACE_DETACH, tracee->tid, 0, 0);
	if (stops == 0)
		mst_die("thread %d cannot be let go", tracee->tid);
}

void torture_trace(struct torture *t, unsigned int seed)
{
	struct tracee tracee;
	int status, rounds;

	for (; !t->over; usleep(torture_next(&seed) % 100000)) {
		tracee.pid = torture_some_target(t, &seed);
		tracee.tid = some_thread(tracee.pid, &seed);
		if (!tracee.tid || ptrace(PTRACE_SEIZE, tracee.tid, 0, 0))
			continue;
		t->traced++;
		ptrace(PTRACE_INTERRUPT, tracee.tid, 0, 0);
		for (rounds = 0; rounds < 100 && is_stopped(&tracee, &status); rounds++)
			if (!let_go_on(t, &tracee, status, &seed))
				break;
		let_go(&tracee);
	}
}

/* === Programs that trace === */

/* They have a lot to do before they trace, while all others are at it. */
static pid_t run(const char *const *words, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	setpriority(PRIO_PROCESS, 0, -10);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execv(words[0], (char **)words);
	_exit(127);
}

/*
 * strace and gdb first try on children of their own what the kernel's ptrace can do: who is ended
 * while at it leaves one behind that has stopped itself, for ever.
 */
static void kill_its_children(pid_t pid)
{
	kill(-pid, SIGKILL);
}

static bool ends_within(pid_t pid, int *status, int ms)
{
	for (; ms > 0; ms -= 10) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		usleep(10000);
	}
	return false;
}

static int new_output(void)
{
	int fd = memfd_create("output", MFD_CLOEXEC);

	if (fd < 0)
		mst_die("memfd_create: %m");
	return fd;
}

/* All that was written to it, which is the caller's; the file is closed. */
static char *text_of(int fd)
{
	char *text;

	lseek(fd, 0, SEEK_SET);
	text = mst_text_of(fd);
	close(fd);
	return text;
}

/* It lets go when it is asked to, and when it waits for a target's exec, only when killed. */
static void strace(struct torture *t, pid_t target, unsigned int *seed)
{
	char number[16];
	const char *const words[] = { STRACE, "-f", "-q", "-p", number, NULL };
	int out = new_output(), status;
	char *text;
	pid_t pid;

	snprintf(number, sizeof(number), "%d", target);
	pid = run(words, out);
	usleep(500000 + torture_next(seed) % 1500000);
	kill(pid, SIGTERM);
	if (!ends_within(pid, &status, 5000)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	kill_its_children(pid);
	text = text_of(out);
	t->strace_lines += mst_count(text, "\n");
	t->straces += !!strstr(text, " = ");
	free(text);
}

void torture_strace(struct torture *t, unsigned int seed)
{
	for (; !t->over; usleep(torture_next(&seed) % 1000000))
		strace(t, torture_some_target(t, &seed), &seed);
}

/*
 * It steps nobody: among all the others, gdb 13 was seen to wait for ever for the end of a step.
 * What becomes of its steps and breakpoints beside ours, "debuggers" tests.
 */
static const char *const gdb_commands[] = { "echo held\\n", "backtrace 5", "info threads",
					    "detach" };

static pid_t run_gdb(pid_t target, int out)
{
	const char *words[16 + 2 * (sizeof(gdb_commands) / sizeof(gdb_commands[0]))] = {
		GDB,	  "-nx",
		"-batch", "-q",
		"-iex",	  "set debug-file-directory /nonexistent",
		"-iex",	  "set auto-load off",
	};
	unsigned int n = 8, i;
	char number[16];

	snprintf(number, sizeof(number), "%d", target);
	words[n++] = "-p";
	words[n++] = number;
	for (i = 0; i < sizeof(gdb_commands) / sizeof(gdb_commands[0]); i++) {
		words[n++] = "-ex";
		words[n++] = gdb_commands[i];
	}
	words[n] = NULL;
	return run(words, out);
}

static void gdb(struct torture *t, pid_t target)
{
	int out = new_output(), status = 0;
	pid_t pid = run_gdb(target, out);
	char *text;

	/* With nothing of it in the target it may be killed. */
	if (!ends_within(pid, &status, PATIENCE)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		status = 0;
	}
	kill_its_children(pid);
	text = text_of(out);
	t->gdbs += !!strstr(text, "\nheld\n");
	t->gdb_frames += mst_count(text, "\n#");
	if (WIFSIGNALED(status) || strstr(text, "internal-error"))
		mst_die("gdb has come to harm at process %d (0x%x): %s", target, status, text);
	free(text);
}

/* From here to its release the target's program does not come to its end. */
static bool hold(struct torture *t, int place)
{
	t->held[place] = true;
	while (t->ending[place] && !t->over)
		usleep(1000);
	return !t->over;
}

void torture_gdb(struct torture *t, unsigned int seed)
{
	int place;

	for (; !t->over; usleep(torture_next(&seed) % 1000000)) {
		place = torture_next(&seed) % t->targets;
		if (hold(t, place))
			gdb(t, t->target[place]);
		t->held[place] = false;
	}
}
