// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PIDs of a command line, and the checks for an unquoted $(pgrep ...).
 *
 * Without quotes, "-p $(pgrep app) INTERVAL" makes the second PID the INTERVAL if pgrep prints two,
 * and INTERVAL the PID if it prints none. Depends on msg.c, quantity.h and text.c.
 */
#include "pids.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"
#include "quantity.h"
#include "text.h"

#define SEPARATORS ", \t\n"
#define SUSPECT_MS (10 * MU_MINUTE_MS)

static int add_pid(struct mu_pids *pids, const char *text)
{
	uint64_t pid;

	if (!mu_parse_number(text, &pid) || pid < 1 || pid > INT_MAX)
		return mu_usage_error("-p: invalid PID \"%s\": must be from 1 to %d", text,
				      INT_MAX);
	pids->pid = mu_grow(pids->pid, pids->nr, &pids->capacity, sizeof(*pids->pid));
	pids->pid[pids->nr++] = pid;
	return 0;
}

static int add_all(struct mu_pids *pids, char *list)
{
	int status = 0;
	char *next;

	for (char *word = strtok_r(list, SEPARATORS, &next); word && !status;
	     word = strtok_r(NULL, SEPARATORS, &next))
		status = add_pid(pids, word);
	return status;
}

/**
 * mu_pids_add() - add the PIDs of one option -p
 * @pids: the list
 * @text: numbers separated by commas or white space, as pgrep prints them
 * @own_word: @text is not in the word of the option, so that it may have been meant as the next
 *            argument, behind an empty expansion
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_pids_add(struct mu_pids *pids, const char *text, bool own_word)
{
	size_t before = pids->nr;
	char *list;
	int status;

	if (own_word && !strcmp(text, "1"))
		return mu_usage_error("-p 1 is the init process: did pgrep find nothing? "
				      "To trace it, use -p1 or --pid=1");
	list = mu_strndup(text, strlen(text));
	status = add_all(pids, list);
	free(list);
	if (!status && pids->nr == before)
		return mu_usage_error("-p: missing PID (did pgrep find nothing?)");
	return status;
}

/* Return: the path of the program of a process, to be freed, NULL for a kernel thread. */
static char *read_program(uint64_t pid)
{
	char *link = mu_format("/proc/%ju/exe", (uintmax_t)pid);
	char path[PATH_MAX];
	ssize_t len = readlink(link, path, sizeof(path));

	free(link);
	return len > 0 ? mu_strndup(path, len) : NULL;
}

/* Return: the name that pgrep compares, to be freed, or NULL. */
static char *read_comm(uint64_t pid)
{
	char *path = mu_format("/proc/%ju/comm", (uintmax_t)pid);
	FILE *file = fopen(path, "re");
	char name[64];
	size_t len = file ? fread(name, 1, sizeof(name), file) : 0;

	free(path);
	if (file)
		fclose(file);
	return len ? mu_strndup(name, len) : NULL;
}

static bool is_process(uint64_t pid)
{
	char *path = mu_format("/proc/%ju", (uintmax_t)pid);
	bool is_there = access(path, F_OK) == 0;

	free(path);
	return is_there;
}

static bool has_pid(const struct mu_pids *pids, uint64_t pid)
{
	for (size_t i = 0; i < pids->nr; i++)
		if ((uint64_t)pids->pid[i] == pid)
			return true;
	return false;
}

static bool are_equal(char *a, char *b)
{
	bool equal = a && b && !strcmp(a, b);

	free(a);
	free(b);
	return equal;
}

/* A program may have several paths, in containers, and an interpreter several names. */
static bool is_like_one_of(const struct mu_pids *pids, uint64_t other)
{
	for (size_t i = 0; i < pids->nr; i++)
		if (are_equal(read_program(pids->pid[i]), read_program(other)) ||
		    are_equal(read_comm(pids->pid[i]), read_comm(other)))
			return true;
	return false;
}

/*
 * An intended long interval is a whole number of minutes, which is never refused: some process may
 * happen to have that number as its PID.
 */
static bool is_odd_interval(uint64_t ms)
{
	return ms > SUSPECT_MS && ms % MU_MINUTE_MS;
}

/**
 * mu_pids_check_interval() - refuse an INTERVAL that is more likely a PID
 * @pids: the PIDs of -p
 * @word: INTERVAL as it was written
 * @ms: its value in milliseconds
 *
 * A number without unit is refused if it is the PID of a process with the same program or name
 * as one of @pids, or, if it is above ten minutes and no whole number of minutes, the PID of any
 * process. 1 and the numbers in @pids are accepted.
 *
 * Return: 0, or the exit status, with a message.
 */
int mu_pids_check_interval(const struct mu_pids *pids, const char *word, uint64_t ms)
{
	uint64_t pid;

	if (!pids->nr || !mu_parse_number(word, &pid) || pid == 1 || has_pid(pids, pid) ||
	    !is_process(pid))
		return 0;
	if (!is_odd_interval(ms) && !is_like_one_of(pids, pid))
		return 0;
	return mu_usage_error("%s is the PID of a process: did you mean -p %d,%s? "
			      "For an INTERVAL, add a unit: %ss",
			      word, pids->pid[0], word, word);
}

/**
 * mu_pids_free() - free a list of PIDs
 * @pids: the list
 */
void mu_pids_free(struct mu_pids *pids)
{
	free(pids->pid);
}
