// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hands of the test torture: processes that write commands, read the module's files, or stop
 * targets by signals, until the test is over. The module may be unloaded and a target may be gone
 * at any time, which is not an error here. The hands that trace targets are in tracers.c.
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

/* Waits while no file may be opened; returns false when the test is over. */
static bool may_open_files(const struct torture *t)
{
	while (t->no_open && !t->over)
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

/* On a slow machine, a writer may wait for too long, and a file may not be read in time. */
static bool is_possible(int err)
{
	return err == EBUSY || err == ESRCH || err == ENOENT || err == EINPROGRESS ||
	       err == ETIMEDOUT;
}

/* Counts an attach or the refusal of one. */
static void count_attach(struct torture *t, int err)
{
	if (!err) {
		t->attaches++;
		return;
	}
	t->refused++;
	if (!is_possible(err))
		mst_die("attach: unexpected error: %s", strerror(err));
}

static void write_commands(struct torture *t, unsigned int seed)
{
	static const char *const attach[] = { "attach %d",
					      "%d",
					      "attach %d older=5",
					      "attach %d min=100 depth=3",
					      "attach %d bound=1",
					      "attach %d exits=always",
					      "attach %d exits=always bound=1",
					      "attach %d children=1",
					      "attach %d children=1 bound=1" };
	unsigned int what;
	pid_t pid;
	int fd;

	for (; may_open_files(t); usleep(torture_next(&seed) % 20000)) {
		fd = mst_open(O_RDWR, "control");
		if (fd < 0)
			continue;
		pid = torture_some_target(t, &seed);
		what = torture_next(&seed) % 4;
		if (what < 2)
			count_attach(t, write_command(fd, attach[torture_next(&seed) % 9], pid));
		else if (what == 2)
			t->detaches += !write_command(fd, "detach %d", pid);
		else
			t->clears += !write_command(fd, "clear %d", pid);
		/* A bound target ends with the file: let it live for a while. */
		if (torture_next(&seed) % 4 == 0)
			usleep(torture_next(&seed) % 50000);
		close(fd);
	}
}

/* Reads a file to its end, or stops in the middle, or starts again in between. */
static void read_some(struct torture *t, int fd, unsigned int *seed)
{
	static char text[65536];
	ssize_t n;

	do {
		n = read(fd, text, 1 + torture_next(seed) % sizeof(text));
		if (torture_next(seed) % 32 == 0)
			lseek(fd, 0, SEEK_SET);
	} while (n > 0 && torture_next(seed) % 64 && !t->over && !t->no_open);
	t->reads++;
	close(fd);
}

static void read_files(struct torture *t, unsigned int seed)
{
	static const char *const files[] = { "control", "report", "allocations", "stats" };
	unsigned int id;
	int fd;

	for (; may_open_files(t); usleep(torture_next(&seed) % 10000)) {
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

static void stop_targets(struct torture *t, unsigned int seed)
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
	{ write_commands, NULL },
	{ write_commands, NULL },
	{ read_files, NULL },
	{ stop_targets, NULL },
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

/* A hand ends with the test, by SIGTERM: a tracer has to detach before it exits. */
static void end_with_the_test(struct torture *t)
{
	ended_by_signal = t;
	signal(SIGTERM, end_all);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/**
 * torture_start_hand() - start a hand in a process of its own
 * @t: shared with the hands and the targets
 * @i: which of them
 * @seed: of its random choices
 *
 * Return: its PID, or 0 if a program that it needs is not installed.
 */
pid_t torture_start_hand(struct torture *t, unsigned int i, unsigned int seed)
{
	pid_t pid;

	if (hands[i].needs && access(hands[i].needs, X_OK)) {
		mst_say("%s is not installed, it is not used", hands[i].needs);
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
