// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test's end of the programs' protocol (programs/program.h): starting them,
 * step by step, and reading what they keep.
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

static void become(const char *const *words, int in, int out)
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

/* The next line, NULL at the end; it holds until the next call. */
static char *next_line(struct mst_program *program)
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

void mst_wait_ready(struct mst_program *program)
{
	char *line = next_line(program);
	int status;

	if (line && !strncmp(line, "ready ", 6))
		return;
	if (line)
		mst_die("the program did not become ready: %s", line);
	if (waitpid(program->pid, &status, 0) != program->pid)
		mst_die("waitpid: %m");
	if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP)
		_exit(KSFT_SKIP);
	mst_die("the program ended before it was ready (status 0x%x)", status);
}

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
		become(words, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	program->to = to[1];
	program->from = from[0];
	program->input = malloc(4096);
	mst_wait_ready(program);
}

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

/* Starts a step. */
void mst_go(struct mst_program *program, const char *word)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", word);
	if (write(program->to, line, strlen(line)) != (ssize_t)strlen(line))
		mst_die("the program does not listen: %m");
}

static void keep(struct mst_program *program, const char *line)
{
	struct mst_rows *rows = &program->keep;
	struct mst_row row = { 0 };

	if (sscanf(line, "keep 0x%lx %lu %7s", &row.addr, &row.size, row.kind) != 3)
		mst_die("not the line of a program: %s", line);
	if ((rows->count & (rows->count - 1)) == 0)
		rows->row = realloc(rows->row, (rows->count ? 2 * rows->count : 1) * sizeof(row));
	rows->row[rows->count++] = row;
}

/* The end of a step, with all that the program keeps. */
void mst_wait_done(struct mst_program *program)
{
	char *line;

	mst_rows_free(&program->keep);
	while ((line = next_line(program)) && strncmp(line, "done ", 5))
		keep(program, line);
	if (!line || sscanf(line, "done %zu %lu %lu %lu", &program->count, &program->bytes,
			    &program->hash, &program->failed) != 4)
		mst_die("the program came to harm in its step");
}

void mst_step(struct mst_program *program, const char *word)
{
	mst_go(program, word);
	mst_wait_done(program);
}

static int reap(struct mst_program *program)
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

/* Lets it go on to its end; its wait status. */
int mst_end(struct mst_program *program)
{
	mst_go(program, "end");
	close(program->to);
	program->to = -1;
	return reap(program);
}

void mst_kill(struct mst_program *program)
{
	kill(program->pid, SIGKILL);
	reap(program);
}
