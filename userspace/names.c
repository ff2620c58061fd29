// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes by name, for option -n.
 *
 * A process has two names: the one that it shows (comm, at most 15 bytes, which it may change), and
 * that of the file that it executes. Depends on pids.c, msg.c and text.c.
 */
#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"
#include "text.h"

#define DELETED " (deleted)"
#define SIMILAR_MAX 5
#define SIMILAR_LENGTH 3 /* shorter names are part of too many others */

struct search {
	const char *name;
	struct mu_pids *pids;
	size_t found;
	char *similar[SIMILAR_MAX];
	size_t nr_similar;
};

/* Return: the name that the process shows, to be freed, NULL if it has exited. */
static char *read_comm(const char *pid)
{
	char *path = mu_format("/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	char name[64];
	size_t len = file ? fread(name, 1, sizeof(name), file) : 0;

	free(path);
	if (file)
		fclose(file);
	return len > 1 ? mu_strndup(name, len - 1) : NULL; /* the last byte is a newline */
}

/*
 * Return: the name of the file that the process executes, to be freed, or NULL with errno: ENOENT
 * for a kernel thread and a zombie, EACCES without permission.
 */
static char *read_program(const char *pid)
{
	size_t tail = strlen(DELETED);
	char *link = mu_format("/proc/%s/exe", pid);
	char path[PATH_MAX];
	ssize_t len = readlink(link, path, sizeof(path) - 1);
	int error = errno;
	char *slash;

	free(link);
	errno = error;
	if (len < 0)
		return NULL;
	path[len] = '\0';
	if ((size_t)len > tail && !strcmp(path + len - tail, DELETED))
		path[len - tail] = '\0';
	slash = strrchr(path, '/');
	slash = slash ? slash + 1 : path;
	return mu_strndup(slash, strlen(slash));
}

static bool is_similar(const char *a, const char *b)
{
	if (strlen(a) < SIMILAR_LENGTH || strlen(b) < SIMILAR_LENGTH)
		return false;
	return strcasestr(a, b) || strcasestr(b, a);
}

static void add_similar(struct search *s, const char *name)
{
	if (!name || !is_similar(name, s->name) || s->nr_similar == SIMILAR_MAX)
		return;
	for (size_t i = 0; i < s->nr_similar; i++)
		if (!strcmp(s->similar[i], name))
			return;
	s->similar[s->nr_similar++] = mu_strndup(name, strlen(name));
}

static void add_found(struct search *s, uint64_t pid)
{
	struct mu_pids *pids = s->pids;

	s->found++;
	pids->pid = mu_grow(pids->pid, pids->nr, &pids->capacity, sizeof(*pids->pid));
	pids->pid[pids->nr++] = pid;
}

static void check_process(struct search *s, const char *word, uint64_t pid)
{
	char *program = read_program(word);
	char *comm = program || errno == EACCES ? read_comm(word) : NULL;

	if ((comm && !strcmp(comm, s->name)) || (program && !strcmp(program, s->name))) {
		add_found(s, pid);
	} else {
		add_similar(s, comm);
		add_similar(s, program);
	}
	free(comm);
	free(program);
}

static void report_none(const struct search *s)
{
	char *name = mu_escape(s->name);
	char *list = mu_format("%s", "");

	for (size_t i = 0; i < s->nr_similar; i++) {
		char *similar = mu_escape(s->similar[i]);
		char *longer = mu_format("%s%s%s", list, i ? ", " : " (similar: ", similar);

		free(similar);
		free(list);
		list = longer;
	}
	mu_warn("no process is named %s%s%s", name, list, s->nr_similar ? ")" : "");
	free(list);
	free(name);
}

/**
 * mu_names_find() - find the processes with a name
 * @name: what they show as their name, or the name of the file that they execute
 * @pids: gets their PIDs
 *
 * The tool itself, kernel threads and zombies are left out.
 *
 * Return: false, with a message, if no process has the name.
 */
bool mu_names_find(const char *name, struct mu_pids *pids)
{
	struct search s = { .name = name, .pids = pids };
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;

	while (dir && (entry = readdir(dir)))
		if (mu_parse_number(entry->d_name, &pid) && pid != (uint64_t)getpid())
			check_process(&s, entry->d_name, pid);
	if (dir)
		closedir(dir);
	if (!s.found)
		report_none(&s);
	for (size_t i = 0; i < s.nr_similar; i++)
		free(s.similar[i]);
	return s.found;
}
