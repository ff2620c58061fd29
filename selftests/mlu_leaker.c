// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test's end of the leakers' protocol (leakers/leaker.h): starting them,
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
#include "leakers/leaker.h"
#include "mlu.h"

#define MAX_WORDS 16

static void become(const char *const *words, int in, int out)
{
	char path[512];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	for (; strchr(*words, '=') && **words != '/'; words++)
		putenv((char *)*words);
	snprintf(path, sizeof(path), "%s%s", **words == '/' ? "" : mlu_here("leakers/"), *words);
	execv(path, (char **)words);
	perror(path);
	_exit(127);
}

/* The next line, NULL at the end; it holds until the next call. */
static char *next_line(struct mlu_leaker *leaker)
{
	static char line[512];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		char *end = memchr(leaker->input, '\n', leaker->input_len);

		if (end) {
			len = end - leaker->input;
			snprintf(line, sizeof(line), "%.*s", (int)len, leaker->input);
			leaker->input_len -= len + 1;
			memmove(leaker->input, end + 1, leaker->input_len);
			return line;
		}
		n = read(leaker->from, leaker->input + leaker->input_len, 4096 - leaker->input_len);
		if (n <= 0)
			return NULL;
		leaker->input_len += n;
	}
}

void mlu_wait_ready(struct mlu_leaker *leaker)
{
	char *line = next_line(leaker);
	int status;

	if (line && !strncmp(line, "ready ", 6))
		return;
	if (line)
		mlu_die("the leaker did not become ready: %s", line);
	if (waitpid(leaker->pid, &status, 0) != leaker->pid)
		mlu_die("waitpid: %m");
	if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP)
		_exit(KSFT_SKIP);
	mlu_die("the leaker ended before it was ready (status 0x%x)", status);
}

void mlu_spawnv(struct mlu_leaker *leaker, const char *const *words)
{
	int to[2], from[2];

	memset(leaker, 0, sizeof(*leaker));
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		mlu_die("pipe: %m");
	fflush(stdout);
	leaker->pid = fork();
	if (leaker->pid < 0)
		mlu_die("fork: %m");
	if (!leaker->pid)
		become(words, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	leaker->to = to[1];
	leaker->from = from[0];
	leaker->input = malloc(4096);
	mlu_wait_ready(leaker);
}

void mlu_spawn(struct mlu_leaker *leaker, const char *word, ...)
{
	const char *words[MAX_WORDS + 1] = { word };
	va_list args;
	int i;

	va_start(args, word);
	for (i = 1; i < MAX_WORDS && words[i - 1]; i++)
		words[i] = va_arg(args, const char *);
	va_end(args);
	mlu_spawnv(leaker, words);
}

/* Starts a step. */
void mlu_go(struct mlu_leaker *leaker, const char *word)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", word);
	if (write(leaker->to, line, strlen(line)) != (ssize_t)strlen(line))
		mlu_die("the leaker does not listen: %m");
}

static void keep(struct mlu_leaker *leaker, const char *line)
{
	struct mlu_rows *rows = &leaker->keep;
	struct mlu_row row = { 0 };

	if (sscanf(line, "keep 0x%lx %lu %7s", &row.addr, &row.size, row.kind) != 3)
		mlu_die("not the line of a leaker: %s", line);
	if ((rows->count & (rows->count - 1)) == 0)
		rows->row = realloc(rows->row, (rows->count ? 2 * rows->count : 1) * sizeof(row));
	rows->row[rows->count++] = row;
}

/* The end of a step, with all that the leaker keeps. */
void mlu_wait_done(struct mlu_leaker *leaker)
{
	char *line;

	mlu_rows_free(&leaker->keep);
	while ((line = next_line(leaker)) && strncmp(line, "done ", 5))
		keep(leaker, line);
	if (!line || sscanf(line, "done %zu %lu %lu %lu", &leaker->count, &leaker->bytes,
			    &leaker->hash, &leaker->failed) != 4)
		mlu_die("the leaker came to harm in its step");
}

void mlu_step(struct mlu_leaker *leaker, const char *word)
{
	mlu_go(leaker, word);
	mlu_wait_done(leaker);
}

static int reap(struct mlu_leaker *leaker)
{
	int status = 0;

	if (waitpid(leaker->pid, &status, 0) != leaker->pid)
		mlu_die("waitpid: %m");
	close(leaker->to);
	close(leaker->from);
	free(leaker->input);
	mlu_rows_free(&leaker->keep);
	return status;
}

/* Lets it go on to its end; its wait status. */
int mlu_end(struct mlu_leaker *leaker)
{
	mlu_go(leaker, "end");
	close(leaker->to);
	leaker->to = -1;
	return reap(leaker);
}

void mlu_kill(struct mlu_leaker *leaker)
{
	kill(leaker->pid, SIGKILL);
	reap(leaker);
}
