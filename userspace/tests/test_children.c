// SPDX-License-Identifier: GPL-2.0-only
/* The living children of a process are found, by either of two ways, and named once. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "children.h"
#include "mem.h"
#include "tap.h"

/* A child with a name that is hostile to those who parse /proc/PID/stat. */
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

static bool has(const struct mu_pid_list *list, pid_t pid)
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
		ok(listed.nr == 1 && has(&listed, child), "the kernel's list has the child");
	mu_children_scan(&scanned, getpid());
	ok(scanned.nr == 1 && has(&scanned, child), "a scan of /proc has the child");
	free(listed.pid);
	free(scanned.pid);
}

/* What is said on stderr meanwhile, to be freed. */
static char *said(struct mu_pid_list *told, const pid_t *traced, size_t nr_traced)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	char *text = mu_zalloc(512);

	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	mu_children_report(told, getpid(), traced, nr_traced);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	if (!fgets(text, 512, file))
		*text = '\0';
	fclose(file);
	return text;
}

static void says(struct mu_pid_list *told, pid_t traced, const char *wanted, const char *claim)
{
	char *text = said(told, &traced, traced ? 1 : 0);

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
	struct mu_pid_list told = {}, none = {}, dead = {};
	pid_t child = start_child();
	char *sentence = mu_format("memleak-user: pid %d: its child %d (a) Z 1 (\\033) is not "
				   "traced: memleak-user -p %d\n",
				   getpid(), child, child);

	test_both_ways(child);
	says(&none, child, "", "a child that is traced is not named");
	says(&told, 0, sentence, "a child is named, and how it is traced");
	says(&told, 0, "", "but only once");
	end_child(child);
	says(&dead, 0, "", "one that has ended is not named");
	waitpid(child, NULL, 0);
	free(sentence);
	free(told.pid);
	free(none.pid);
	free(dead.pid);
	return done_testing();
}
