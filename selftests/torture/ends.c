// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks at the end of the test torture: all blocks that a target keeps are listed, and no child of
 * a target remains. Called from the test's own process, after the hands have ended.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/mst.h"
#include "torture.h"

/**
 * torture_lists_kept() - check that all blocks that a target keeps are listed
 * @l: the target, which has printed its blocks
 *
 * Other blocks may be listed, too: those that were lost when a call was left by longjmp. Prints the
 * number of missing blocks.
 *
 * Return: true if the target keeps blocks and none of them is missing.
 */
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
		mst_say("expected %zu kept blocks to be listed, %zu are missing", l->keep.count,
			missing);
	return l->keep.count && !missing;
}

#define MAX_PID 65536 /* more than a small machine has */

/* Prints what the process is and what it waits for, one file of /proc per line. */
static void print_process(pid_t pid)
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

/* Kills all processes of our process group, apart from this one and its parent. */
static void kill_process_group(void)
{
	pid_t pid;

	for (pid = 2; pid < MAX_PID; pid++)
		if (pid != getpid() && pid != getppid() && getpgid(pid) == getpgrp()) {
			print_process(pid);
			kill(pid, SIGKILL);
		}
}

/**
 * torture_no_child_left() - wait until all children of the targets have ended
 *
 * A child that remains would keep the output of this test open. Prints and kills the processes that
 * are left.
 *
 * Return: true if no child is left.
 */
bool torture_no_child_left(void)
{
	if (MST_WAIT_UNTIL(waitpid(-1, NULL, WNOHANG | __WALL) < 0))
		return true;
	mst_say("a child of a target has not ended");
	kill_process_group();
	return false;
}
