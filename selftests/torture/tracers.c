// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hands of the test torture that trace targets: a debugger of our own, which single-steps and
 * follows system calls, strace, and gdb. Each is a process of its own, which traces one target at a
 * time until the test is over, and takes another one if the target is traced already.
 *
 * The tracers must not harm a target by themselves. Therefore no thread is detached with a step
 * pending, and gdb has no breakpoints, lets no thread run, and is not attached to a target that
 * execs (they would wait for each other in the kernel) or dies (gdb 13 sometimes aborts then).
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

/* Returns the TID of some thread of the process, or 0 if it has ended. */
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

/* The traced thread. A thread that calls exec has the TID of its process from then on. */
struct tracee {
	pid_t tid, pid;
};

static void interrupt_tracee(struct tracee *tracee)
{
	if (!ptrace(PTRACE_INTERRUPT, tracee->tid, 0, 0))
		return;
	if (!ptrace(PTRACE_INTERRUPT, tracee->pid, 0, 0))
		tracee->tid = tracee->pid;
}

/* Returns 1 if the tracee has stopped, 0 if it has not within @ms, -1 if it has ended. */
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

/* Waits for the next stop; interrupts a thread that is in a long system call. */
static bool is_stopped(struct tracee *tracee, int *status)
{
	int stops = stops_within(tracee, status, 10);

	if (stops)
		return stops > 0;
	interrupt_tracee(tracee);
	return stops_within(tracee, status, 100) > 0;
}

/* Continues a stopped tracee, with the signal that it was stopped for. */
static bool continue_tracee(struct torture *t, const struct tracee *tracee, int status,
			    unsigned int *seed)
{
	static const int how[] = { PTRACE_SYSCALL, PTRACE_SINGLESTEP, PTRACE_SINGLESTEP };
	int sig = WSTOPSIG(status);

	if (status >> 16 || sig == SIGTRAP || sig == (SIGTRAP | 0x80))
		sig = 0;
	t->steps++;
	return ptrace(how[torture_next(seed) % 3], tracee->tid, 0, sig) == 0;
}

/**
 * torture_read_proc() - read a file of /proc/PID
 * @pid: the process or thread
 * @file: name of the file
 * @text: set to its content, as far as it fits; "" if the process has ended
 * @size: size of @text
 */
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

/* By the signals that are pending for this thread (proc(5)). */
static bool trap_is_pending(pid_t tid)
{
	char text[4096], *at;

	torture_read_proc(tid, "status", text, sizeof(text));
	at = strstr(text, "\nSigPnd:");
	return at && strtoull(at + strlen("\nSigPnd:"), NULL, 16) & 1ull << (SIGTRAP - 1);
}

/*
 * Detaches from a running tracee. The trap of a step may still be pending when it stops for the
 * interrupt, and would kill it after the detach: continue it without steps until it has stopped for
 * the trap. (No step is left to be done: the kernel finishes that of a uprobe before a thread
 * stops.)
 */
static void detach_tracee(struct tracee *tracee)
{
	int status, stops;

	interrupt_tracee(tracee);
	stops = stops_within(tracee, &status, PATIENCE);
	while (stops > 0 && trap_is_pending(tracee->tid) &&
	       ptrace(PTRACE_CONT, tracee->tid, 0, 0) == 0)
		stops = stops_within(tracee, &status, PATIENCE);
	if (stops > 0)
		ptrace(PTRACE_DETACH, tracee->tid, 0, 0);
	if (stops == 0)
		mst_die("thread %d has not stopped within %d ms", tracee->tid, PATIENCE);
}

/**
 * torture_trace() - the hand that is a debugger of our own
 * @t: the shared memory
 * @seed: of its random choices
 */
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
			if (!continue_tracee(t, &tracee, status, &seed))
				break;
		detach_tracee(&tracee);
	}
}

/* === Programs that trace === */

/* Runs strace or gdb, with a high priority because they do a lot before they trace. */
static pid_t run_tracer(const char *const *words, int out)
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
 * strace and gdb first try the features of ptrace on children of their own. If they are killed
 * meanwhile, such a child remains stopped.
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

/* Returns all that was written to the file, to be freed by the caller, and closes the file. */
static char *text_of(int fd)
{
	char *text;

	lseek(fd, 0, SEEK_SET);
	text = mst_text_of(fd);
	close(fd);
	return text;
}

/* strace detaches on SIGTERM; while it waits for a target's exec, it must be killed. */
static void run_strace(struct torture *t, pid_t target, unsigned int *seed)
{
	char number[16];
	const char *const words[] = { STRACE, "-f", "-q", "-p", number, NULL };
	int out = new_output(), status;
	char *text;
	pid_t pid;

	snprintf(number, sizeof(number), "%d", target);
	pid = run_tracer(words, out);
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

/**
 * torture_strace() - the hand that runs strace
 * @t: the shared memory
 * @seed: of its random choices
 */
void torture_strace(struct torture *t, unsigned int seed)
{
	for (; !t->over; usleep(torture_next(&seed) % 1000000))
		run_strace(t, torture_some_target(t, &seed), &seed);
}

/*
 * No steps: in this test, gdb 13 was seen to wait forever for the end of one. Steps and breakpoints
 * of gdb beside the module's are tested by debuggers.
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
	return run_tracer(words, out);
}

static void run_gdb_at(struct torture *t, pid_t target)
{
	int out = new_output(), status = 0;
	pid_t pid = run_gdb(target, out);
	char *text;

	/* It may be killed, because it has put nothing into the target. */
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
		mst_die("gdb has crashed at process %d (wait status 0x%x): %s", target, status,
			text);
	free(text);
}

/* Keeps the target from exec, exit and being killed until @held is reset; waits if one is due. */
static bool hold_target(struct torture *t, int place)
{
	t->held[place] = true;
	while (t->ending[place] && !t->over)
		usleep(1000);
	return !t->over;
}

/**
 * torture_gdb() - the hand that runs gdb
 * @t: the shared memory
 * @seed: of its random choices
 */
void torture_gdb(struct torture *t, unsigned int seed)
{
	int place;

	for (; !t->over; usleep(torture_next(&seed) % 1000000)) {
		place = torture_next(&seed) % t->targets;
		if (hold_target(t, place))
			run_gdb_at(t, t->target[place]);
		t->held[place] = false;
	}
}
