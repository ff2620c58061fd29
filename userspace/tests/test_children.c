// SPDX-License-Identifier: GPL-2.0-only
/* The children of a process are found in both ways, and reported once. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "mem.h"
#include "tap.h"

/* A child with a name that is difficult to parse in /proc/PID/stat. */
static pid_t start_child(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, "a) Z 1 (\033");
		if (write(ends[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	if (read(ends[0], &byte, 1) != 1)
		pid = -1;
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static bool has_pid(const struct mu_pid_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->pid[i] == pid)
			return true;
	return false;
}

static void test_both_ways(pid_t child)
{
	struct mu_pid_list listed = {}, scanned = {};

	if (mu_children_list(&listed, getpid()))
		tap_ok(listed.nr == 1 && has_pid(&listed, child),
		       "the kernel's list has the child");
	mu_children_scan(&scanned, getpid());
	tap_ok(scanned.nr == 1 && has_pid(&scanned, child), "a scan of /proc has the child");
	free(listed.pid);
	free(scanned.pid);
}

/* Return: the output on stderr, to be freed. */
static char *capture_report(struct mu_pid_list *reported, const pid_t *traced, size_t nr_traced)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	char *text = mu_zalloc(512);

	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	mu_children_report(reported, getpid(), traced, nr_traced);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	if (!fgets(text, 512, file))
		*text = '\0';
	fclose(file);
	return text;
}

static void check_report(struct mu_pid_list *reported, pid_t traced, const char *wanted,
			 const char *claim)
{
	char *text = capture_report(reported, &traced, traced ? 1 : 0);

	is_text(text, wanted, claim);
	free(text);
}

static void end_child(pid_t child)
{
	siginfo_t info;

	kill(child, SIGKILL);
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
}

int main(void)
{
	struct mu_pid_list reported = {}, none = {}, dead = {};
	pid_t child = start_child();
	char *message = mu_format("memleak-user: pid %d: its child %d (a) Z 1 (\\033) is not "
				  "traced: memleak-user -p %d\n",
				  getpid(), child, child);

	test_both_ways(child);
	check_report(&none, child, "", "a child that is traced is not reported");
	check_report(&reported, 0, message, "a child is reported");
	check_report(&reported, 0, "", "a child is reported once");
	end_child(child);
	check_report(&dead, 0, "", "a zombie is not reported");
	waitpid(child, NULL, 0);
	free(message);
	free(reported.pid);
	free(none.pid);
	free(dead.pid);
	return done_testing();
}
