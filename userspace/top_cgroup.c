// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory the processes of a cgroup can still take before its limit.
 *
 * The limits of all cgroups above it hold, too. File pages and slab that the kernel can reclaim
 * count as free, as in MemAvailable: most cgroups are filled up with them all the time. Only cgroup
 * v2 is read. Depends on top_file.c and text.c.
 */
#include "top_cgroup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "text.h"
#include "top_file.h"
#include "top_snapshot.h"

/* The words of a line of mountinfo before its optional fields. */
enum { MOUNT_ROOT = 3, MOUNT_POINT = 4, MOUNT_WORDS = 6 };

static char *unescape_span(struct mu_span span)
{
	char *text = mu_span_copy(span);

	if (mu_unescape(text, text))
		return text;
	free(text);
	return NULL;
}

/* Return: the directory of a line of mountinfo, -1 if it is another file system. */
static int open_mount(struct mu_top_cgroups *c, int root, const char *line)
{
	struct mu_span word[MOUNT_WORDS];
	char *point;
	int dir = -1;

	for (size_t i = 0; i < MOUNT_WORDS; i++)
		if (!mu_take_word(&line, &word[i]) || !mu_take(&line, " "))
			return -1;
	line = strstr(line, "- ");
	if (!line || strncmp(line, "- cgroup2 ", 10))
		return -1;
	point = unescape_span(word[MOUNT_POINT]);
	if (point && point[0] == '/')
		dir = openat(root, point[1] ? point + 1 : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(point);
	if (dir < 0)
		return -1;
	c->above = unescape_span(word[MOUNT_ROOT]);
	if (c->above && !strcmp(c->above, "/"))
		c->above[0] = '\0';
	return dir;
}

/**
 * mu_top_cgroups_open() - find the mount of cgroup v2
 * @c: set to it, to be closed
 * @root: the directory that has proc and the mount
 */
void mu_top_cgroups_open(struct mu_top_cgroups *c, int root)
{
	char *text = mu_top_read(root, "proc/self/mountinfo");
	char *rest;

	*c = (struct mu_top_cgroups){ .dir = -1 };
	if (!text)
		return;
	for (char *line = strtok_r(text, "\n", &rest); line && c->dir < 0;
	     line = strtok_r(NULL, "\n", &rest))
		c->dir = open_mount(c, root, line);
	free(text);
}

/**
 * mu_top_cgroups_close() - close the mount
 * @c: the mount
 */
void mu_top_cgroups_close(struct mu_top_cgroups *c)
{
	if (c->dir >= 0)
		close(c->dir);
	free(c->above);
}

static uint64_t subtract_or_zero(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static char *read_of_cgroup(int dir, const char *path, const char *name)
{
	char *file = mu_format("%s/%s", *path ? path : ".", name);
	char *text = mu_top_read(dir, file);

	free(file);
	return text;
}

/* Return: the number in a file, MU_TOP_NO_LIMIT if it is "max" or cannot be read. */
static uint64_t read_limit(int dir, const char *path, const char *name)
{
	char *text = read_of_cgroup(dir, path, name);
	const char *p = text;
	uint64_t value;

	if (!text || !mu_take_number(&p, &value))
		value = MU_TOP_NO_LIMIT;
	free(text);
	return value;
}

static uint64_t read_reclaimable(int dir, const char *path)
{
	static const char *const names[] = { "active_file", "inactive_file", "slab_reclaimable" };
	char *text = read_of_cgroup(dir, path, "memory.stat");
	uint64_t sum = 0, value;

	for (size_t i = 0; text && i < ARRAY_SIZE(names); i++)
		if (mu_top_field(text, names[i], &value))
			sum += value;
	free(text);
	return sum;
}

static uint64_t read_swap_left(int dir, const char *path, uint64_t swap_free)
{
	uint64_t max = read_limit(dir, path, "memory.swap.max"), used, left;

	if (max == MU_TOP_NO_LIMIT)
		return swap_free;
	used = read_limit(dir, path, "memory.swap.current");
	left = used == MU_TOP_NO_LIMIT ? max : subtract_or_zero(max, used);
	return left < swap_free ? left : swap_free;
}

static uint64_t read_left_of_cgroup(int dir, const char *path, uint64_t swap_free)
{
	uint64_t max = read_limit(dir, path, "memory.max");
	uint64_t used = max == MU_TOP_NO_LIMIT ? MU_TOP_NO_LIMIT :
						 read_limit(dir, path, "memory.current");

	if (used == MU_TOP_NO_LIMIT)
		return MU_TOP_NO_LIMIT;
	used = subtract_or_zero(used, read_reclaimable(dir, path));
	return subtract_or_zero(max, used) + read_swap_left(dir, path, swap_free);
}

/* Return: the path relative to the mount, NULL if it is outside of that. */
static char *path_in_mount(const struct mu_top_cgroups *c, const char *path)
{
	size_t len = c->above ? strlen(c->above) : 0;

	if (c->dir < 0 || !c->above || path[0] != '/' || strncmp(path, c->above, len) ||
	    (path[len] && path[len] != '/') || !strncmp(path + len, "/..", 3))
		return NULL;
	path += len;
	path += *path == '/';
	return mu_strndup(path, strlen(path));
}

/**
 * mu_top_cgroups_left() - get the memory that a cgroup can still take
 * @c: the mount
 * @path: path of the cgroup as in /proc/PID/cgroup
 * @swap_free: free swap of the machine
 *
 * Return: the bytes of memory and swap until the nearest limit, of the cgroup or of one above it,
 * or MU_TOP_NO_LIMIT.
 */
uint64_t mu_top_cgroups_left(const struct mu_top_cgroups *c, const char *path, uint64_t swap_free)
{
	char *at = path_in_mount(c, path), *slash;
	uint64_t left = MU_TOP_NO_LIMIT, one;

	while (at) {
		one = read_left_of_cgroup(c->dir, at, swap_free);
		if (one < left)
			left = one;
		if (!*at)
			break;
		slash = strrchr(at, '/');
		*(slash ? slash : at) = '\0';
	}
	free(at);
	return left;
}
