// SPDX-License-Identifier: GPL-2.0-only
/*
 * One process, read from its directory in /proc: name, start time, memory, cgroup.
 *
 * All files are opened below the open directory, so that they belong to the same process even if
 * its PID is reused meanwhile. Depends on top_file.c and text.c.
 */
#include "top_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "text.h"
#include "top_file.h"

#define KIB 1024
/* PF_KTHREAD of <linux/sched.h>. */
#define KERNEL_THREAD 0x00200000

/* Columns of /proc/PID/stat behind the name, the state being the first one. */
enum { STATE = 1, FLAGS = 7, THREADS = 18, START = 20 };

struct stat_line {
	char state;
	uint64_t flags, threads, start;
};

/* Return: the text of a column, NULL if there are fewer. */
static const char *find_column(const char *p, unsigned int column)
{
	for (; p && column > 1; column--) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	return p;
}

static bool take_column(const char *columns, unsigned int column, uint64_t *value)
{
	const char *p = find_column(columns, column);

	return p && mu_take_number(&p, value);
}

/* The name may contain anything, also parentheses and newlines: the last parenthesis ends it. */
static bool parse_stat(const char *text, struct stat_line *line, char *name)
{
	const char *start = strchr(text, '('), *end = strrchr(text, ')');
	size_t len;

	if (!start || !end || end < start || end[1] != ' ')
		return false;
	len = end - start - 1;
	if (len >= MU_TOP_NAME_MAX)
		len = MU_TOP_NAME_MAX - 1;
	memcpy(name, start + 1, len);
	name[len] = '\0';
	line->state = end[2];
	return take_column(end + 2, FLAGS, &line->flags) &&
	       take_column(end + 2, THREADS, &line->threads) &&
	       take_column(end + 2, START, &line->start);
}

static bool read_stat(int dir, struct stat_line *line, char *name)
{
	char *text = mu_top_read(dir, "stat");
	bool good = text && parse_stat(text, line, name);

	free(text);
	return good;
}

/* Return: false if the status has no line of memory, with errno 0, or cannot be read. */
static bool read_memory(int dir, const char *status, uint64_t *bytes)
{
	char *text = mu_top_read(dir, status);
	uint64_t anon, swap = 0;
	bool good;

	if (!text)
		return false;
	errno = 0;
	good = mu_top_field(text, "RssAnon:", &anon);
	mu_top_field(text, "VmSwap:", &swap);
	free(text);
	if (good)
		*bytes = (anon + swap) * KIB;
	return good;
}

/* The first thread may have exited while others run on: their status has the memory. */
static bool read_memory_of_threads(int dir, uint64_t *bytes)
{
	int tasks = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = tasks >= 0 ? fdopendir(tasks) : NULL;
	struct dirent *entry;
	bool found = false;

	while (list && !found && (entry = readdir(list))) {
		char *name = mu_format("%s/status", entry->d_name);

		if (entry->d_name[0] != '.')
			found = read_memory(tasks, name, bytes);
		free(name);
	}
	if (list)
		closedir(list);
	return found;
}

/**
 * mu_top_process_memory() - read the anonymous memory of a process, resident or swapped
 * @dir: its open directory
 * @bytes: set to the memory
 *
 * Return: false if it has exited, has no memory, or may not be read.
 */
bool mu_top_process_memory(int dir, uint64_t *bytes)
{
	return read_memory(dir, "status", bytes) || (!errno && read_memory_of_threads(dir, bytes));
}

/* Return: the path in the hierarchy of cgroup v2, "-" without one, to be freed. */
static char *read_cgroup(int dir)
{
	char *text = mu_top_read(dir, "cgroup");
	const char *line = text;
	char *path = NULL;

	while (line && *line && !path) {
		const char *end = strchrnul(line, '\n');

		if (mu_take(&line, "0::"))
			path = mu_strndup(line, end - line);
		line = *end ? end + 1 : end;
	}
	free(text);
	return path ? path : mu_strndup("-", 1);
}

static enum mu_top_found why_not_read(void)
{
	return errno == EACCES || errno == EPERM ? MU_TOP_DENIED : MU_TOP_NO_MEMORY;
}

static enum mu_top_found read_process(struct mu_top_process *p, int dir)
{
	struct stat_line line;
	bool good;

	errno = 0;
	if (!read_stat(dir, &line, p->name))
		return why_not_read();
	if (line.flags & KERNEL_THREAD)
		return MU_TOP_NO_MEMORY;
	p->start = line.start;
	good = read_memory(dir, "status", &p->bytes);
	if (!good && !errno && line.state == 'Z' && line.threads > 1)
		good = read_memory_of_threads(dir, &p->bytes);
	if (!good)
		return why_not_read();
	p->path = read_cgroup(dir);
	return MU_TOP_READ;
}

/**
 * mu_top_process_read() - read a process
 * @p: the process: its pid is set, the rest is read; its path is to be freed if it was read
 * @proc: /proc
 *
 * Return: whether it was read.
 */
enum mu_top_found mu_top_process_read(struct mu_top_process *p, int proc)
{
	char *name = mu_format("%d", p->pid);
	int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum mu_top_found found;

	free(name);
	if (dir < 0)
		return why_not_read();
	found = read_process(p, dir);
	close(dir);
	return found;
}

/**
 * mu_top_process_is() - check the identity of a process
 * @dir: its open directory
 * @start: the start time that it is expected to have
 *
 * Return: false if it is another process, or has exited.
 */
bool mu_top_process_is(int dir, uint64_t start)
{
	char name[MU_TOP_NAME_MAX];
	struct stat_line line;

	return read_stat(dir, &line, name) && line.start == start;
}
