// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting the command of option -c under ptrace.
 *
 * The child waits until the tool has seized it, so that not even its first exec is missed.
 * Depends on msg.c and text.c.
 */
#include "command_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msg.h"
#include "text.h"

/* Both are close-on-exec, so that the end of the second one means that exec has succeeded. */
struct pipes {
	int go[2];
	int report[2];
};

/*
 * The command has its own process group, so that Ctrl-C ends only the tool, and no blocked signals.
 * It waits until it is seized, and exits if the tool dies before that.
 */
static void exec_child(char **argv, const struct pipes *pipes)
{
	sigset_t none;
	char byte;
	int error;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	close(pipes->go[1]);
	if (read(pipes->go[0], &byte, 1) != 1)
		_exit(MU_CANNOT_RUN);
	execvp(argv[0], argv);
	error = errno;
	if (write(pipes->report[1], &error, sizeof(error)) < 0)
		_exit(MU_CANNOT_RUN);
	_exit(MU_NOT_FOUND);
}

/* Return: the exit status that a shell would have. */
static int explain_exec(const char *name, int error)
{
	char *text = mu_escape(name);

	if (error == ENOENT)
		mu_warn("%s: command not found", text);
	else
		mu_warn("%s: %s", text, strerror(error));
	free(text);
	return error == ENOENT ? MU_NOT_FOUND : MU_CANNOT_RUN;
}

/* Return: the errno of an exec that failed, 0 if the pipe was closed by exec. */
static int read_exec_error(int pipe_end)
{
	int error = 0;
	ssize_t got;

	do {
		got = read(pipe_end, &error, sizeof(error));
	} while (got < 0 && errno == EINTR);
	return got == sizeof(error) ? error : 0;
}

static int seize_child(pid_t pid)
{
	if (!ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXEC))
		return 0;
	mu_warn("cannot trace the command: %s", strerror(errno));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return MU_NOTHING;
}

/* Seize the child, then let it continue to its exec. */
static int let_child_exec(pid_t pid, const struct pipes *pipes, const char *name)
{
	int status = seize_child(pid);
	int error = 0;

	if (status)
		return status;
	if (write(pipes->go[1], "", 1) == 1)
		error = read_exec_error(pipes->report[0]);
	if (!error)
		return 0;
	waitpid(pid, NULL, 0);
	return explain_exec(name, error);
}

static int fork_child(char **argv, struct pipes *pipes, pid_t *pid)
{
	int status;

	*pid = fork();
	if (*pid == 0)
		exec_child(argv, pipes);
	close(pipes->go[0]);
	close(pipes->report[1]);
	if (*pid < 0) {
		mu_warn("cannot start the command: %s", strerror(errno));
		status = MU_NOTHING;
	} else {
		status = let_child_exec(*pid, pipes, argv[0]);
	}
	close(pipes->go[1]);
	close(pipes->report[0]);
	return status;
}

/**
 * mu_command_spawn() - start a command, traced with ptrace, up to its first exec
 * @argv: the words of the command
 * @pid: set to its PID
 *
 * Return: 0, or the exit status of the tool, with a message.
 */
int mu_command_spawn(char **argv, pid_t *pid)
{
	struct pipes pipes;

	if (!pipe2(pipes.go, O_CLOEXEC)) {
		if (!pipe2(pipes.report, O_CLOEXEC))
			return fork_child(argv, &pipes, pid);
		close(pipes.go[0]);
		close(pipes.go[1]);
	}
	mu_warn("cannot create a pipe for the command: %s", strerror(errno));
	return MU_NOTHING;
}
