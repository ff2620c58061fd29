// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test library: compare how programs end, what they print, and the stacks of their reports between
 * runs. What differs in each run is replaced: addresses and process numbers.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst.h"

#define MAX_WORDS 12

static const char *log_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/log", mst_scratch());
	return path;
}

/**
 * mst_spawn_logged() - as mst_spawn(), but for a run that is to be compared with others
 * @program: set up here
 * @word: the first of the words of mst_spawn()
 *
 * Standard error is written to a file, which mst_end_logged() reads. The program's addresses are
 * not random.
 */
void mst_spawn_logged(struct mst_program *program, const char *word, ...)
{
	const char *words[MAX_WORDS + 1] = { word };
	int saved = dup(STDERR_FILENO), random = personality(0xffffffff), fd, i;
	va_list args;

	va_start(args, word);
	for (i = 1; i < MAX_WORDS && words[i - 1]; i++)
		words[i] = va_arg(args, const char *);
	va_end(args);
	fd = open(log_path(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		mst_die("open %s: %m", log_path());
	dup2(fd, STDERR_FILENO);
	personality(random | ADDR_NO_RANDOMIZE);
	mst_spawnv(program, words);
	personality(random);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
}

/* Copies a text without the digits of addresses, but with those of offsets: "+0x10". */
static void drop_numbers(char *text)
{
	char *to = text;
	const char *at;

	for (at = text; *at;) {
		if (!strncmp(at, "0x", 2) && (at == text || at[-1] != '+')) {
			*to++ = '@';
			for (at += 2; isxdigit(*at); at++)
				;
		} else if (!strncmp(at, "==", 2) && isdigit(at[2])) {
			*to++ = '=';
			for (at += 2; isdigit(*at); at++)
				;
		} else {
			*to++ = *at++;
		}
	}
	*to = 0;
}

/**
 * mst_log_of() - read a file that a program has written
 * @path: the file
 *
 * Return: the text without addresses and process numbers; to be freed by the caller.
 */
char *mst_log_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0)
		mst_die("open %s: %m", path);
	text = mst_text_of(fd);
	close(fd);
	drop_numbers(text);
	return text;
}

/**
 * mst_end_logged() - let a program of mst_spawn_logged() run to its end
 * @program: the program, which may end or have ended before it reads that it has to
 * @end: set to how it has ended; @log of it is to be freed by the caller
 */
void mst_end_logged(struct mst_program *program, struct mst_end *end)
{
	if (write(program->to, "end\n", 4) != 4 && errno != EPIPE)
		mst_die("write to the program: %m");
	if (waitpid(program->pid, &end->status, 0) != program->pid)
		mst_die("waitpid: %m");
	close(program->to);
	close(program->from);
	free(program->input);
	mst_rows_free(&program->keep);
	end->log = mst_log_of(log_path());
}

/* Prints the first lines that differ. */
static void say_difference(const char *want, const char *got)
{
	size_t len = strcspn(want, "\n") + 1;

	while (*want && !strncmp(want, got, len)) {
		want += len;
		got += len;
		len = strcspn(want, "\n") + 1;
	}
	mst_say("untraced: %.*s", (int)strcspn(want, "\n"), want);
	mst_say("traced:   %.*s", (int)strcspn(got, "\n"), got);
}

/**
 * mst_same_end() - compare the ends of two runs of a program
 * @want: the run that was not traced
 * @got: the run that was traced
 *
 * Prints what differs.
 *
 * Return: true if the exit status and the text on standard error are the same.
 */
bool mst_same_end(const struct mst_end *want, const struct mst_end *got)
{
	bool same = !strcmp(want->log, got->log);

	if (want->status != got->status)
		mst_say("untraced, the program has wait status 0x%x; traced 0x%x", want->status,
			got->status);
	if (!same)
		say_difference(want->log, got->log);
	return same && want->status == got->status;
}

/* Appends a stack's first line up to the number of its blocks, or a frame without its pc. */
static void append_line(char *to, const char *line)
{
	const char *end = line + strcspn(line, "\n"), *from = line;

	if (*line == '\t')
		from = strchr(line, ' ') + 1;
	else
		end = strstr(line, " from stack ");
	strcat(to, *line == '\t' ? " < " : "");
	strncat(to, from, end - from);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/**
 * mst_stacks() - read the stacks of a target in a form that is the same for each run
 * @id: the target
 *
 * Return: a line for each stack with its bytes, the number of its blocks, and its frames as objects
 * and offsets; the lines are sorted. To be freed by the caller.
 */
char *mst_stacks(int id)
{
	char *report = mst_text("targets/%d/report", id), *line = report, *text, *one = NULL;
	size_t count = mst_count(report, " from stack "), size = strlen(report) + 1, n = 0, i;
	char **stacks = calloc(count + 1, sizeof(*stacks));

	for (; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		if (*line != '\t') {
			const char *from = strstr(line, " from stack ");

			one = from && from < line + strcspn(line, "\n") ? calloc(1, size) : NULL;
			if (one)
				stacks[n++] = one;
		}
		if (one)
			append_line(one, line);
	}
	qsort(stacks, n, sizeof(*stacks), compare_texts);
	text = calloc(2, size);
	for (i = 0; i < n; i++) {
		strcat(strcat(text, stacks[i]), "\n");
		free(stacks[i]);
	}
	free(stacks);
	free(report);
	return text;
}
