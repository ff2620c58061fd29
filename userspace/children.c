// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reporting the children of a traced process, which are not traced with it.
 *
 * A wrapper that forks (timeout, a shell, make) allocates little itself. The process of interest is
 * its child, which has to be traced by its own PID. Depends on msg.c and text.c.
 */
#include "children.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"
#include "text.h"

#define MAX_REPORTED 10 /* at a time: a server may have hundreds of children */

struct stat_line {
	char text[512];
	char *comm;
	char state;
	pid_t parent;
};

/* PID (COMM) STATE PPID ...; COMM may contain parentheses, so that the last one ends it. */
static bool parse_stat(struct stat_line *line)
{
	char *open = strchr(line->text, '(');
	char *close = strrchr(line->text, ')');

	if (!open || !close || close < open)
		return false;
	*close = '\0';
	line->comm = open + 1;
	return sscanf(close + 1, " %c %d", &line->state, &line->parent) == 2;
}

static bool read_stat(pid_t pid, struct stat_line *line)
{
	char *path = mu_format("/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	size_t len = file ? fread(line->text, 1, sizeof(line->text) - 1, file) : 0;

	free(path);
	if (file)
		fclose(file);
	line->text[len] = '\0';
	return parse_stat(line);
}

static void add_pid(struct mu_pid_list *list, pid_t pid)
{
	list->pid = mu_grow(list->pid, list->nr, &list->capacity, sizeof(*list->pid));
	list->pid[list->nr++] = pid;
}

static bool add_children_of_thread(struct mu_pid_list *list, pid_t parent, const char *tid)
{
	char *path = mu_format("/proc/%d/task/%s/children", parent, tid);
	FILE *file = fopen(path, "re");
	pid_t child;

	free(path);
	if (!file)
		return false;
	while (fscanf(file, "%d", &child) == 1)
		add_pid(list, child);
	fclose(file);
	return true;
}

/**
 * mu_children_list() - list the children of a process from /proc/PID/task/TID/children
 * @list: gets their PIDs
 * @parent: the process
 *
 * Return: false if the kernel does not have these files.
 */
bool mu_children_list(struct mu_pid_list *list, pid_t parent)
{
	char *path = mu_format("/proc/%d/task", parent);
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool any = false;

	free(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && add_children_of_thread(list, parent, entry->d_name))
			any = true;
	if (dir)
		closedir(dir);
	return any;
}

/**
 * mu_children_scan() - list the children of a process by the PPID of each process in /proc
 * @list: gets their PIDs
 * @parent: the process
 */
void mu_children_scan(struct mu_pid_list *list, pid_t parent)
{
	DIR *dir = opendir("/proc");
	struct stat_line line;
	struct dirent *entry;
	uint64_t pid;

	while (dir && (entry = readdir(dir)))
		if (mu_parse_number(entry->d_name, &pid) && read_stat(pid, &line) &&
		    line.parent == parent)
			add_pid(list, pid);
	if (dir)
		closedir(dir);
}

static bool has_pid(const pid_t *list, size_t nr, pid_t pid)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i] == pid)
			return true;
	return false;
}

/* Return: false if nothing was reported, as the child is a zombie or does not exist any more. */
static bool report_child(pid_t parent, pid_t child)
{
	struct stat_line line;
	char *comm;

	if (!read_stat(child, &line) || line.state == 'Z' || line.state == 'X')
		return false;
	comm = mu_escape(line.comm);
	mu_warn("pid %d: its child %d (%s) is not traced: memleak-user -p %d", parent, child, comm,
		child);
	free(comm);
	return true;
}

/**
 * mu_children_report() - report each child that is not traced, once
 * @reported: children that have been reported; updated
 * @parent: the process
 * @traced: PIDs that are traced, which are not reported
 * @nr_traced: number of @traced
 */
void mu_children_report(struct mu_pid_list *reported, pid_t parent, const pid_t *traced,
			size_t nr_traced)
{
	struct mu_pid_list now = {};
	size_t printed = 0, skipped = 0;

	if (!mu_children_list(&now, parent))
		mu_children_scan(&now, parent);
	for (size_t i = 0; i < now.nr; i++) {
		if (has_pid(reported->pid, reported->nr, now.pid[i]) ||
		    has_pid(traced, nr_traced, now.pid[i]))
			continue;
		if (printed == MAX_REPORTED)
			skipped++;
		else
			printed += report_child(parent, now.pid[i]);
	}
	if (skipped)
		mu_warn("pid %d: %zu more children are not traced", parent, skipped);
	free(reported->pid);
	*reported = now;
}
