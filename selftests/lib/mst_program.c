// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test library: start test programs, let them do their steps, and read which blocks they keep. The
 * other side of the protocol is programs/program.h.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "../programs/program.h"
#include "mst.h"

#define MAX_WORDS 16

/* In the child: sets the variables among the words and executes the program. */
static void exec_program(const char *const *words, int in, int out)
{
	char path[512];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	for (; strchr(*words, '=') && **words != '/'; words++)
		putenv((char *)*words);
	snprintf(path, sizeof(path), "%s%s", **words == '/' ? "" : mst_here("programs/"), *words);
	execv(path, (char **)words);
	perror(path);
	_exit(127);
}

/* Returns the next line of output, valid until the next call; NULL at the end of file. */
static char *read_line(struct mst_program *program)
{
	static char line[512];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		char *end = memchr(program->input, '\n', program->input_len);

		if (end) {
			len = end - program->input;
			snprintf(line, sizeof(line), "%.*s", (int)len, program->input);
			program->input_len -= len + 1;
			memmove(program->input, end + 1, program->input_len);
			return line;
		}
		n = read(program->from, program->input + program->input_len,
			 4096 - program->input_len);
		if (n <= 0)
			return NULL;
		program->input_len += n;
	}
}

/**
 * mst_wait_ready() - read the line "ready PID" of a program
 * @program: the program
 *
 * Ends the test as skipped if the program has exited with status 4 before, which it does if the
 * machine lacks what it needs; as failed, with the line or the wait status, in every other case.
 */
void mst_wait_ready(struct mst_program *program)
{
	char *line = read_line(program);
	int status;

	if (line && !strncmp(line, "ready ", 6))
		return;
	if (line)
		mst_die("expected \"ready PID\" from the program, found: %s", line);
	if (waitpid(program->pid, &status, 0) != program->pid)
		mst_die("waitpid: %m");
	if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP)
		_exit(KSFT_SKIP);
	mst_die("the program ended before it was ready (status 0x%x)", status);
}

/**
 * mst_spawnv() - start a test program and wait until it is ready
 * @program: set up here
 * @words: NAME=VALUE settings of environment variables, the program, and its arguments, ended by
 *	NULL; the program is a name below programs/, or an absolute path
 *
 * The program is killed when the test ends. Skips or fails the test as mst_wait_ready() does.
 */
void mst_spawnv(struct mst_program *program, const char *const *words)
{
	int to[2], from[2];

	memset(program, 0, sizeof(*program));
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		mst_die("pipe: %m");
	fflush(stdout);
	program->pid = fork();
	if (program->pid < 0)
		mst_die("fork: %m");
	if (!program->pid)
		exec_program(words, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	program->to = to[1];
	program->from = from[0];
	program->input = malloc(4096);
	mst_wait_ready(program);
}

/**
 * mst_spawn() - start a test program and wait until it is ready
 * @program: set up here
 * @word: the first of the words of mst_spawnv(), which follow as arguments up to NULL
 */
void mst_spawn(struct mst_program *program, const char *word, ...)
{
	const char *words[MAX_WORDS + 1] = { word };
	va_list args;
	int i;

	va_start(args, word);
	for (i = 1; i < MAX_WORDS && words[i - 1]; i++)
		words[i] = va_arg(args, const char *);
	va_end(args);
	mst_spawnv(program, words);
}

/**
 * mst_go() - start a step of a program without waiting for its end
 * @program: the program
 * @word: the line that the program reads, without its newline
 */
void mst_go(struct mst_program *program, const char *word)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", word);
	if (write(program->to, line, strlen(line)) != (ssize_t)strlen(line))
		mst_die("cannot start step \"%s\" of the program: %m", word);
}

static void parse_keep_line(struct mst_program *program, const char *line)
{
	struct mst_rows *rows = &program->keep;
	struct mst_row row = { 0 };

	if (sscanf(line, "keep 0x%lx %lu %7s", &row.addr, &row.size, row.kind) != 3)
		mst_die("expected \"keep 0xADDRESS SIZE KIND\" from the program, found: %s", line);
	if ((rows->count & (rows->count - 1)) == 0)
		rows->row = realloc(rows->row, (rows->count ? 2 * rows->count : 1) * sizeof(row));
	rows->row[rows->count++] = row;
}

/**
 * mst_wait_done() - wait for the end of a step
 * @program: the program; @keep, @count, @bytes, @hash and @failed of it are set to the output of
 *	the step
 *
 * Ends the test as failed if the program ends, or prints something else than its protocol.
 */
void mst_wait_done(struct mst_program *program)
{
	char *line;

	mst_rows_free(&program->keep);
	while ((line = read_line(program)) && strncmp(line, "done ", 5))
		parse_keep_line(program, line);
	if (!line || sscanf(line, "done %zu %lu %lu %lu", &program->count, &program->bytes,
			    &program->hash, &program->failed) != 4)
		mst_die("expected \"done COUNT BYTES HASH FAILED\" from the program, found: %s",
			line ? line : "end of file");
}

/**
 * mst_step() - let a program do a step and wait for its end
 * @program: the program
 * @word: the line that the program reads, without its newline
 *
 * Ends the test as failed as mst_go() and mst_wait_done() do.
 */
void mst_step(struct mst_program *program, const char *word)
{
	mst_go(program, word);
	mst_wait_done(program);
}

/* Waits for the exit and releases everything; returns the wait status. */
static int reap_program(struct mst_program *program)
{
	int status = 0;

	if (waitpid(program->pid, &status, 0) != program->pid)
		mst_die("waitpid: %m");
	close(program->to);
	close(program->from);
	free(program->input);
	mst_rows_free(&program->keep);
	return status;
}

/**
 * mst_end() - let a program run to its end, by the step "end" and the end of its input
 * @program: the program
 *
 * Return: its wait status.
 */
int mst_end(struct mst_program *program)
{
	mst_go(program, "end");
	close(program->to);
	program->to = -1;
	return reap_program(program);
}

/**
 * mst_kill() - kill a program and wait for its exit
 * @program: the program
 */
void mst_kill(struct mst_program *program)
{
	kill(program->pid, SIGKILL);
	reap_program(program);
}
