// SPDX-License-Identifier: GPL-2.0-only
/*
 * One file that a process has mapped, opened through /proc/PID/map_files, or copied if only the
 * user of the process can read it.
 *
 * Depends on file_copy.c, file_identity.c, regular_file.c and elf_file.c.
 */
#include "held_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "file_copy.h"
#include "mem.h"
#include "regular_file.h"

static char *read_link(int fd)
{
	char *name = mu_format("/proc/self/fd/%d", fd);
	char *link = mu_zalloc(4096);

	if (readlink(name, link, 4095) < 0)
		link[0] = '\0';
	free(name);
	return link;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/**
 * mu_held_file_is_written() - check whether a file has been written since it was opened
 * @h: the file
 *
 * Return: true if it has. A copy never is.
 */
bool mu_held_file_is_written(const struct mu_held_file *h)
{
	struct stat now;

	return h->fd >= 0 && !h->is_copy &&
	       (fstat(h->fd, &now) || now.st_size != h->state.st_size ||
		!is_same_time(&now.st_mtim, &h->state.st_mtim));
}

/**
 * mu_held_file_is_untouched() - check whether a file was written, or replaced at its path
 * @h: the file
 *
 * Return: true if neither has happened since it was opened.
 */
bool mu_held_file_is_untouched(const struct mu_held_file *h)
{
	struct stat now;
	bool same;
	char *link;

	if (h->fd < 0 || h->is_copy || fstat(h->fd, &now) ||
	    !is_same_time(&now.st_ctim, &h->state.st_ctim))
		return false;
	link = read_link(h->fd);
	same = !strcmp(link, h->link);
	free(link);
	return same;
}

/**
 * mu_held_file_close() - close a file that turns out not to be the mapped one
 * @h: the file
 */
void mu_held_file_close(struct mu_held_file *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

/**
 * mu_held_file_free() - free a file
 * @h: the file
 */
void mu_held_file_free(struct mu_held_file *h)
{
	mu_held_file_close(h);
	free(h->path);
	free(h->link);
	free(h->build_id);
	free(h->why);
}

static void open_mapped_file(int proc, struct mu_held_file *h)
{
	char *name = mu_format("map_files/%" PRIx64 "-%" PRIx64, h->range.start, h->range.end);
	int handle;

	h->fd = mu_regular_file_open(proc, name, 0);
	if (h->fd < 0 && (errno == EACCES || errno == EPERM)) {
		handle = openat(proc, name, O_PATH | O_CLOEXEC);
		if (handle >= 0) {
			h->fd = mu_file_copy(proc, handle, &h->range.inode);
			close(handle);
		}
		h->is_copy = h->fd >= 0;
	}
	if (h->fd < 0)
		h->why = mu_format("the file cannot be read: %s", strerror(errno));
	free(name);
}

static bool is_elf(int fd)
{
	char magic[4];

	return pread(fd, magic, 4, 0) == 4 && !memcmp(magic, "\177ELF", 4);
}

/**
 * mu_held_file_open() - open the file of a mapping
 * @h: set to the file; its fd is -1 if it cannot be used
 * @proc: /proc/PID of the process
 * @m: the mapping
 */
void mu_held_file_open(struct mu_held_file *h, int proc, const struct mu_maps_line *m)
{
	*h = (struct mu_held_file){ .range = *m, .fd = -1 };
	h->range.path = NULL;
	h->path = mu_strndup(m->path, strlen(m->path));
	open_mapped_file(proc, h);
	if (h->fd >= 0 && (!is_elf(h->fd) || fstat(h->fd, &h->state)))
		mu_held_file_close(h);
	if (h->fd < 0)
		return;
	h->build_id = mu_elf_build_id(h->fd);
	h->link = read_link(h->fd);
	if (!strcmp(h->build_id, "-") && !h->is_copy &&
	    !mu_file_is_inode(proc, h->fd, &h->range.inode)) {
		h->why = mu_format("the file at its path is not the one that is mapped");
		mu_held_file_close(h);
	}
}
