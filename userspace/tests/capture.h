/* SPDX-License-Identifier: GPL-2.0-only */
/* The text that a function prints to stdout, for the tests. */
#ifndef MU_TESTS_CAPTURE_H
#define MU_TESTS_CAPTURE_H

#include <stdio.h>
#include <unistd.h>

#include "mem.h"

#define CAPTURE_MAX 4096

static FILE *capture_file;
static int capture_stdout;

static inline void begin_capture(void)
{
	capture_file = tmpfile();
	capture_stdout = dup(STDOUT_FILENO);
	fflush(stdout);
	dup2(fileno(capture_file), STDOUT_FILENO);
}

/* Return: what was printed since begin_capture(), to be freed. */
static inline char *end_capture(void)
{
	char *out = mu_zalloc(CAPTURE_MAX);

	fflush(stdout);
	dup2(capture_stdout, STDOUT_FILENO);
	close(capture_stdout);
	rewind(capture_file);
	if (!fread(out, 1, CAPTURE_MAX - 1, capture_file))
		*out = '\0';
	fclose(capture_file);
	return out;
}

#endif
