// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of code that a process generates at run time, from the map that its JIT writes for perf:
 * /tmp/perf-PID.map, in the root of the process and with the PID that the process itself has.
 *
 * The file is hostile. It is used only if it is a regular file, no link, and belongs to root or to
 * the user of the process; of a large one, the last MAP_MAX bytes are read. It stays open, as the
 * process may exit before its last report is read, and it is read again when it has changed.
 *
 * Depends on perf_map.c, regular_file.c, top_file.c and msg.c.
 */
#include "jit_names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "msg.h"
#include "perf_map.h"
#include "regular_file.h"
#include "text.h"
#include "top_file.h"

#define MAP_MAX (64 << 20)

/* A name that was looked up, NULL if the map has no function there. */
struct known {
	uint64_t address;
	uint64_t offset;
	char *name;
	unsigned int version;
};

struct mu_jit_names {
	int proc;
	int root;
	int fd;		   /* the latest map, -1: none was found */
	char *path;	   /* of the map, in the root of the process */
	const char *why;   /* why the file that is there now is not used, or NULL */
	bool is_checked;   /* for changes, since it was opened */
	struct stat state; /* of the file as it was read */
	struct mu_perf_map *map;
	unsigned int version; /* of @map */
	void *known;	      /* a tree of struct known */
	size_t errors;
};

/**
 * mu_jit_names_new() - prepare to find names
 * @proc: /proc/PID of the process; stays open until mu_jit_names_free()
 *
 * Return: the names, to be freed.
 */
struct mu_jit_names *mu_jit_names_new(int proc)
{
	struct mu_jit_names *names = mu_zalloc(sizeof(*names));

	names->proc = proc;
	names->root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	names->fd = -1;
	return names;
}

static void free_known(void *node)
{
	struct known *known = node;

	free(known->name);
	free(known);
}

/**
 * mu_jit_names_free() - free names
 * @names: the names
 */
void mu_jit_names_free(struct mu_jit_names *names)
{
	tdestroy(names->known, free_known);
	mu_perf_map_free(names->map);
	if (names->fd >= 0)
		close(names->fd);
	if (names->root >= 0)
		close(names->root);
	free(names->path);
	free(names);
}

/* === Finding the file === */

/* Return: the number at this index of a line of /proc/PID/status; -1: its last number. */
static bool read_number(const char *status, const char *line, int index, uint64_t *value)
{
	const char *at = strstr(status, line);
	bool found = false;

	if (!at)
		return false;
	at += strlen(line);
	for (int i = 0; index < 0 || i <= index; i++) {
		at += strspn(at, " \t");
		if (!mu_take_number(&at, value))
			break;
		found = index < 0 || i == index;
	}
	return found;
}

/* Return: NULL, or why the file is not used. */
static const char *check_owner(int fd, const char *status)
{
	uint64_t user;
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (st.st_uid && (!read_number(status, "\nUid:", 1, &user) || user != st.st_uid))
		return "it belongs neither to the user of the process nor to root";
	return NULL;
}

/* Return: the file, or -1 with the reason in names->why if there is one that is not used. */
static int open_map(struct mu_jit_names *names, const char *status)
{
	uint64_t pid;
	int fd;

	names->why = NULL;
	if (names->root < 0 || !read_number(status, "\nNSpid:", -1, &pid))
		return -1;
	free(names->path);
	names->path = mu_format("/tmp/perf-%" PRIu64 ".map", pid);
	fd = mu_regular_file_open(names->root, names->path, MU_IN_ROOT | MU_NO_LINK);
	if (fd < 0) {
		if (errno != ENOENT)
			names->why = errno == EINVAL ? "it is no regular file" : strerror(errno);
		return -1;
	}
	names->why = check_owner(fd, status);
	if (names->why) {
		close(fd);
		return -1;
	}
	return fd;
}

/**
 * mu_jit_names_hold() - open the map that the process has now
 * @names: the names
 *
 * To be called before each report is read. What mu_jit_names_find() has returned is not valid any
 * more.
 */
void mu_jit_names_hold(struct mu_jit_names *names)
{
	char *status = mu_top_read(names->proc, "status");
	int fd = status ? open_map(names, status) : -1;

	free(status);
	names->is_checked = false;
	if (fd < 0)
		return;
	if (names->fd >= 0)
		close(names->fd);
	names->fd = fd;
}

/* === Reading it === */

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static size_t read_text(int fd, char *text, size_t size, off_t offset)
{
	size_t len = 0;
	ssize_t got;

	while (len < size && (got = pread(fd, text + len, size - len, offset + len)) > 0)
		len += got;
	return len;
}

/*
 * If the read begins in the middle of the file, its first line may be cut off. A space in front
 * makes the parser skip that line.
 */
static void read_map(struct mu_jit_names *names)
{
	off_t size = names->state.st_size;
	off_t offset = size > MAP_MAX ? size - MAP_MAX : 0;
	char *text = mu_zalloc(size - offset);
	size_t len = read_text(names->fd, text, size - offset, offset);

	if (offset && len)
		text[0] = ' ';
	mu_perf_map_free(names->map);
	names->map = mu_perf_map_new(text, len);
	names->version++;
}

static void report_unused(struct mu_jit_names *names)
{
	if (!names->why || names->errors)
		return;
	names->errors++;
	mu_warn("no names from %s: %s", names->path, names->why);
}

/* Read the map if it was not read yet, or has changed. */
static void update_map(struct mu_jit_names *names)
{
	struct stat now;

	if (names->is_checked)
		return;
	names->is_checked = true;
	report_unused(names);
	if (names->fd < 0 || fstat(names->fd, &now) ||
	    (names->map && is_unchanged(&names->state, &now)))
		return;
	names->state = now;
	read_map(names);
}

/* === Names === */

static int compare_known(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static struct known *get_known(struct mu_jit_names *names, uint64_t address)
{
	struct known key = { .address = address };
	struct known **found = tfind(&key, &names->known, compare_known);
	struct known *known;

	if (found)
		return *found;
	known = mu_zalloc(sizeof(*known));
	*known = key;
	tsearch(known, &names->known, compare_known);
	return known;
}

/**
 * mu_jit_names_find() - look up the function at an address
 * @names: the names
 * @address: the address
 * @offset: set to the distance from the start of the function
 *
 * Return: its name, safe to print, valid until mu_jit_names_hold(), or NULL.
 */
const char *mu_jit_names_find(struct mu_jit_names *names, uint64_t address, uint64_t *offset)
{
	struct known *known;

	update_map(names);
	if (!names->map)
		return NULL;
	known = get_known(names, address);
	if (known->version != names->version) {
		free(known->name);
		known->name = mu_perf_map_name(names->map, address, &known->offset);
		known->version = names->version;
	}
	*offset = known->offset;
	return known->name;
}

/**
 * mu_jit_names_errors() - count maps that were not used
 * @names: the names
 *
 * Return: their number; each has been reported once.
 */
size_t mu_jit_names_errors(const struct mu_jit_names *names)
{
	return names->errors;
}
