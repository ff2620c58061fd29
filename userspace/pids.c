// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PIDs of a command line. "-p $(pgrep app)" without quotes makes the second
 * PID the INTERVAL where pgrep finds two, and INTERVAL the PID where it finds none.
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
		return mu_usage_error("-p: \"%s\" is no number from 1 to %d", text, INT_MAX);
	pids->pid = mu_grow(pids->pid, pids->nr, &pids->room, sizeof(*pids->pid));
	pids->pid[pids->nr++] = pid;
	return 0;
}

static int add_each(struct mu_pids *pids, char *list)
{
	int status = 0;
	char *next;

	for (char *word = strtok_r(list, SEPARATORS, &next); word && !status;
	     word = strtok_r(NULL, SEPARATORS, &next))
		status = add_pid(pids, word);
	return status;
}

int mu_pids_add(struct mu_pids *pids, const char *text, bool own_word)
{
	size_t before = pids->nr;
	char *list;
	int status;

	if (own_word && !strcmp(text, "1"))
		return mu_usage_error("-p 1 is the init process: did pgrep find nothing? "
				      "If you mean it: -p1 or --pid=1");
	list = mu_strndup(text, strlen(text));
	status = add_each(pids, list);
	free(list);
	if (!status && pids->nr == before)
		return mu_usage_error("-p: there is no PID (did pgrep find nothing?)");
	return status;
}

/* The path of the program that a process runs, or NULL: a kernel thread has none. To be freed. */
static char *program_of(uint64_t pid)
{
	char *link = mu_format("/proc/%ju/exe", (uintmax_t)pid);
	char path[PATH_MAX];
	ssize_t len = readlink(link, path, sizeof(path));

	free(link);
	return len > 0 ? mu_strndup(path, len) : NULL;
}

/* What pgrep compares, or NULL. To be freed. */
static char *name_of(uint64_t pid)
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
		if (are_equal(program_of(pids->pid[i]), program_of(other)) ||
		    are_equal(name_of(pids->pid[i]), name_of(other)))
			return true;
	return false;
}

/*
 * A long interval is a number of whole minutes wherever a person or a script has chosen it. That
 * one must not be refused on the day on which some process happens to have the number.
 */
static bool is_odd_interval(uint64_t ms)
{
	return ms > SUSPECT_MS && ms % MU_MINUTE_MS;
}

int mu_pids_check_interval(const struct mu_pids *pids, const char *word, uint64_t ms)
{
	uint64_t pid;

	if (!pids->nr || !mu_parse_number(word, &pid) || pid == 1 || has_pid(pids, pid) ||
	    !is_process(pid))
		return 0;
	if (!is_odd_interval(ms) && !is_like_one_of(pids, pid))
		return 0;
	return mu_usage_error("%s is the PID of a process: did you mean -p %d,%s? "
			      "If it is the INTERVAL: %ss",
			      word, pids->pid[0], word, word);
}

void mu_pids_free(struct mu_pids *pids)
{
	free(pids->pid);
}
