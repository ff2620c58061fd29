// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who torture through the module's files, or by signals: each a process of its own that goes
 * on until all is over.  The module may be gone at any moment, and so may every target; nobody here
 * minds.  Those who trace are in torture_tracers.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../lib/mst.h"
#include "torture.h"

static bool goes_on(const struct torture *t)
{
	while (t->hush && !t->over)
		usleep(1000);
	return !t->over;
}

static int write_command(int fd, const char *fmt, pid_t pid)
{
	char command[64];
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(command, sizeof(command), fmt, pid);
#pragma GCC diagnostic pop
	return write(fd, command, n) == n ? 0 : errno;
}

/* Only errors that a process may be refused with while all this goes on. */
static void count_attach(struct torture *t, int err)
{
	if (!err) {
		t->attaches++;
		return;
	}
	t->refused++;
	if (err != EBUSY && err != ESRCH && err != ENOENT && err != EINPROGRESS)
		mst_die("attach: %s", strerror(err));
}

static void command(struct torture *t, unsigned int seed)
{
	static const char *const attach[] = { "attach %d", "%d", "attach %d min=100 depth=3",
					      "attach %d older=5", "attach %d bound=1" };
	unsigned int what;
	pid_t pid;
	int fd;

	for (; goes_on(t); usleep(torture_next(&seed) % 20000)) {
		fd = mst_open(O_RDWR, "control");
		if (fd < 0)
			continue;
		pid = torture_some_target(t, &seed);
		what = torture_next(&seed) % 4;
		if (what < 2)
			count_attach(t, write_command(fd, attach[torture_next(&seed) % 5], pid));
		else if (what == 2)
			t->detaches += !write_command(fd, "detach %d", pid);
		else
			t->clears += !write_command(fd, "clear %d", pid);
		/* A bound one lives a while. */
		if (torture_next(&seed) % 4 == 0)
			usleep(torture_next(&seed) % 50000);
		close(fd);
	}
}

/* All of it, or it is left in the middle, or begun anew. */
static void read_some(struct torture *t, int fd, unsigned int *seed)
{
	static char text[65536];
	ssize_t n;

	do {
		n = read(fd, text, 1 + torture_next(seed) % sizeof(text));
		if (torture_next(seed) % 32 == 0)
			lseek(fd, 0, SEEK_SET);
	} while (n > 0 && torture_next(seed) % 64 && !t->over && !t->hush);
	t->reads++;
	close(fd);
}

static void read_files(struct torture *t, unsigned int seed)
{
	static const char *const files[] = { "control", "report", "allocations", "stats" };
	unsigned int id;
	int fd;

	for (; goes_on(t); usleep(torture_next(&seed) % 10000)) {
		const char *file = files[torture_next(&seed) % 4];

		id = torture_next(&seed) % 50;
		if (id % 2)
			fd = mst_open(O_RDONLY, "%s", file);
		else
			fd = mst_open(O_RDONLY, "targets/%u/%s", 1 + id / 2, file);
		if (fd >= 0)
			read_some(t, fd, &seed);
	}
}

static void stop(struct torture *t, unsigned int seed)
{
	pid_t pid;

	while (!t->over) {
		pid = torture_some_target(t, &seed);
		kill(pid, SIGSTOP);
		usleep(torture_next(&seed) % 100000);
		kill(pid, SIGCONT);
		t->stops++;
		usleep(torture_next(&seed) % 200000);
	}
}

static const struct {
	void (*run)(struct torture *t, unsigned int seed);
	const char *needs;
} hands[TORTURE_HANDS] = {
	{ command, NULL },
	{ command, NULL },
	{ read_files, NULL },
	{ stop, NULL },
	{ torture_trace, NULL },
	{ torture_strace, "/usr/bin/strace" },
	{ torture_gdb, "/usr/bin/gdb" },
};

static struct torture *ended_by_signal;

static void end_all(int signal)
{
	(void)signal;
	ended_by_signal->over = true;
}

/* A test that dies must not leave them at work for ever, but a tracer has to let go first. */
static void end_with_the_test(struct torture *t)
{
	ended_by_signal = t;
	signal(SIGTERM, end_all);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

pid_t torture_start_hand(struct torture *t, unsigned int i, unsigned int seed)
{
	pid_t pid;

	if (hands[i].needs && access(hands[i].needs, X_OK)) {
		mst_say("there is no %s, nobody uses it", hands[i].needs);
		return 0;
	}
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		mst_die("fork: %m");
	if (pid)
		return pid;
	end_with_the_test(t);
	hands[i].run(t, seed);
	_exit(0);
}
