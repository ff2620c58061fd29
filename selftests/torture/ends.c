// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must be true of the tortured at the end: all that a target keeps is listed, and nobody whom
 * it started outlives the test.  The test's own process calls these, when the torturers are gone.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/mst.h"
#include "torture.h"

/* What a target keeps is listed, whatever else it has lost by its jumps. */
bool torture_lists_kept(const struct mst_program *l)
{
	size_t i, k, missing = 0;
	struct mst_rows rows;

	mst_rows(&rows, "targets/%d/allocations", mst_id(l->pid));
	for (i = 0; i < l->keep.count; i++) {
		for (k = 0; k < rows.count; k++)
			if (rows.row[k].addr == l->keep.row[i].addr &&
			    rows.row[k].size == l->keep.row[i].size)
				break;
		missing += k == rows.count;
	}
	mst_rows_free(&rows);
	if (missing)
		mst_say("%zu of %zu blocks are not listed", missing, l->keep.count);
	return l->keep.count && !missing;
}

#define MAX_PID 65536 /* more than a small machine has */

/* What it is, what it waits for, and who holds it, each file on a line. */
static void tell_of(pid_t pid)
{
	static const char *const files[] = { "status", "syscall", "stack" };
	char text[4096], *at;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		torture_read_proc(pid, files[i], text, sizeof(text));
		for (at = text; (at = strpbrk(at, "\t\n"));)
			*at = ' ';
		mst_say("%d %s: %s", pid, files[i], text);
	}
}

/* All that are in our process group but those who run the test. */
static void kill_the_rest(void)
{
	pid_t pid;

	for (pid = 2; pid < MAX_PID; pid++)
		if (pid != getpid() && pid != getppid() && getpgid(pid) == getpgrp()) {
			tell_of(pid);
			kill(pid, SIGKILL);
		}
}

/* Nor does any child of a target live on, which would hold this test's output open for ever. */
bool torture_nobody_left(void)
{
	pid_t pid = 0;
	int tries;

	for (tries = 0; tries < 1000 && pid >= 0; tries++) {
		pid = waitpid(-1, NULL, WNOHANG | __WALL);
		if (!pid)
			usleep(10000);
	}
	if (pid < 0)
		return true;
	mst_say("a child of a target does not come to its end");
	kill_the_rest();
	return false;
}
