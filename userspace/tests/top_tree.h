/* SPDX-License-Identifier: GPL-2.0-only */
/* A made tree of files in a temporary directory, for the tests of top. */
#ifndef MU_TESTS_TOP_TREE_H
#define MU_TESTS_TOP_TREE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"

static char tree[] = "/tmp/memleak-user-XXXXXX";
static int tree_fd = -1;

static inline bool make_tree(void)
{
	if (mkdtemp(tree))
		tree_fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree_fd < 0)
		perror(tree);
	return tree_fd >= 0;
}

static inline void remove_tree(void)
{
	char *command = mu_format("rm -rf '%s'", tree);

	if (system(command))
		perror(tree);
	free(command);
	close(tree_fd);
}

static inline void make_directories(const char *path)
{
	char *copy = mu_strndup(path, strlen(path));

	for (char *slash = copy; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdirat(tree_fd, copy, 0755);
	}
	free(copy);
}

/* Writes a file, with the directories that it is in. */
static inline void put_file(const char *path, const char *text)
{
	int fd;

	make_directories(path);
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror(path);
	if (fd >= 0)
		close(fd);
}

static inline void put_link(const char *path, const char *target)
{
	make_directories(path);
	if (symlinkat(target, tree_fd, path))
		perror(path);
}

/* Writes stat, status and cgroup of a process. */
static inline void put_process(int pid, const char *name, const char *state_and_threads,
			       uint64_t flags, uint64_t anon_kib, uint64_t swap_kib,
			       const char *cgroup)
{
	char *path = mu_format("proc/%d/stat", pid);
	char *text = mu_format("%d (%s) %c 1 1 1 0 -1 %ju 0 0 0 0 0 0 0 0 20 0 %s 0 %d00 0 0\n",
			       pid, name, state_and_threads[0], (uintmax_t)flags,
			       state_and_threads + 1, pid);

	put_file(path, text);
	free(path);
	free(text);
	path = mu_format("proc/%d/status", pid);
	text = anon_kib == UINT64_MAX ?
		       mu_format("Name:\tx\nRssAnonymous:\t1 kB\nThreads:\t1\n") :
		       mu_format("Name:\tx\nVmRSS:\t 99 kB\nRssAnon:\t%8ju kB\nVmSwap:\t%8ju kB\n",
				 (uintmax_t)anon_kib, (uintmax_t)swap_kib);
	put_file(path, text);
	free(path);
	free(text);
	path = mu_format("proc/%d/cgroup", pid);
	put_file(path, cgroup);
	free(path);
}

#endif
