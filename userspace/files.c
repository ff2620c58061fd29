// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the file that was mapped. Paths are the target's words and may lead
 * to anything: they are resolved inside the target's own root, and only a
 * regular file, of the right build-id, is used.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elffile.h"
#include "mem.h"

/* A deleted file's path as the kernel shows it. */
#define DELETED " (deleted)"

#define HELD_MAX 256 /* the limit of open files is 1024 in most places */

/* A file that the process had mapped when we looked. */
struct held {
	uint64_t start;
	unsigned long inode;
	char device[16];
	char *build_id;
	int fd;
};

struct mlu_files {
	struct mlu_places places;
	int root; /* the process's root or the sysroot, -1: our own */
	struct held *held;
	size_t nr;
	size_t room;
};

static int open_root(const struct mlu_places *places)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	if (places->sysroot)
		return open(places->sysroot, flags);
	return places->proc >= 0 ? openat(places->proc, "root", flags) : -1;
}

struct mlu_files *mlu_files_new(const struct mlu_places *places)
{
	struct mlu_files *files = mlu_zalloc(sizeof(*files));

	files->places = *places;
	files->root = open_root(places);
	return files;
}

void mlu_files_free(struct mlu_files *files)
{
	for (size_t i = 0; i < files->nr; i++) {
		free(files->held[i].build_id);
		close(files->held[i].fd);
	}
	if (files->root >= 0)
		close(files->root);
	free(files->held);
	free(files);
}

static bool is_held(const struct mlu_files *files, const struct held *h)
{
	for (size_t i = 0; i < files->nr; i++)
		if (files->held[i].inode == h->inode && files->held[i].start == h->start &&
		    !strcmp(files->held[i].device, h->device))
			return true;
	return false;
}

static void hold(struct mlu_files *files, struct held *h, const char *range)
{
	char *name = mlu_format("map_files/%s", range);

	h->fd = mlu_elf_open(files->places.proc, name, false);
	free(name);
	if (h->fd < 0)
		return;
	h->build_id = mlu_elf_build_id(h->fd);
	files->held = mlu_grow(files->held, files->nr, &files->room, sizeof(*h));
	files->held[files->nr++] = *h;
}

/* START-END PERMS OFFSET DEV INODE PATH; code of a file is all that a frame can lie in. */
static void hold_line(struct mlu_files *files, const char *line)
{
	struct held h = {};
	char range[40], perms[8];
	int fields;

	fields = sscanf(line, "%39s %7s %*s %15s %lu", range, perms, h.device, &h.inode);
	if (fields != 4 || !h.inode || perms[2] != 'x' || files->nr >= HELD_MAX)
		return;
	if (sscanf(range, "%" SCNx64 "-", &h.start) == 1 && !is_held(files, &h))
		hold(files, &h, range);
}

void mlu_files_hold(struct mlu_files *files)
{
	char *line = NULL;
	size_t size = 0;
	FILE *maps;
	int fd;

	if (files->places.proc < 0)
		return;
	fd = openat(files->places.proc, "maps", O_RDONLY | O_CLOEXEC);
	maps = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!maps)
		return;
	while (getline(&line, &size, maps) > 0)
		hold_line(files, line);
	free(line);
	fclose(maps);
}

/* Without a build-id the place where it was mapped must do: a held file was there. */
static bool is_mapped_file(const struct held *h, const struct mlu_mapping *m)
{
	if (strcmp(m->build_id, "-"))
		return !strcmp(h->build_id, m->build_id);
	return !strcmp(h->build_id, "-") && h->start == m->start;
}

static int open_held(const struct mlu_files *files, const struct mlu_mapping *m)
{
	for (size_t i = 0; i < files->nr; i++)
		if (is_mapped_file(&files->held[i], m))
			return fcntl(files->held[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

static void tell(char **why, char *text)
{
	free(*why);
	*why = text;
}

/* Takes fd if it is what was mapped, closes it if not; *why tells what is known of that so far. */
static int verified(int fd, const struct mlu_mapping *m, char **why)
{
	char *found;

	if (fd < 0)
		return -1;
	found = mlu_elf_build_id(fd);
	if (!strcmp(found, m->build_id)) {
		tell(why, NULL);
	} else {
		tell(why,
		     mlu_format("the file has build-id %s, the report tells %s: it is not used",
				found, m->build_id));
		close(fd);
		fd = -1;
	}
	free(found);
	return fd;
}

static int open_mapped(const struct mlu_files *files, const struct mlu_mapping *m, char **why)
{
	char *name;
	int fd;

	if (files->places.proc < 0 || m->unmapped)
		return -1;
	name = mlu_format("map_files/%" PRIx64 "-%" PRIx64, m->start, m->end);
	fd = mlu_elf_open(files->places.proc, name, false);
	free(name);
	return verified(fd, m, why);
}

/* A path of another root means another file in ours, which then only a build-id can prove. */
static int open_path(const struct mlu_files *files, const char *path, const struct mlu_mapping *m,
		     char **why)
{
	bool own_root = files->root < 0 || strcmp(m->build_id, "-");
	int fd = -1;

	if (path[0] != '/')
		return -1;
	if (files->root >= 0)
		fd = verified(mlu_elf_open(files->root, path, true), m, why);
	if (fd < 0 && own_root && !files->places.sysroot)
		fd = verified(mlu_elf_open(AT_FDCWD, path, false), m, why);
	return fd;
}

/* DIR/NAME for the directories of --debug-path: files collected flat beside a report. */
static int open_flat(const struct mlu_files *files, const char *path, const struct mlu_mapping *m,
		     char **why)
{
	const char *dir = files->places.debug_path;
	const char *slash = strrchr(path, '/');
	int fd = -1;

	while (dir && *dir && fd < 0) {
		size_t len = strcspn(dir, ":");
		char *file = mlu_format("%.*s/%s", (int)len, dir, slash ? slash + 1 : path);

		fd = verified(mlu_elf_open(AT_FDCWD, file, false), m, why);
		free(file);
		dir += len + (dir[len] == ':');
	}
	return fd;
}

static int fetch(const struct mlu_files *files, const struct mlu_mapping *m, char **why)
{
	int fd = mlu_elf_fetch(m->build_id, files->places.debug_path);

	if (fd >= 0)
		tell(why, NULL);
	return fd;
}

/* The path without what the kernel puts behind a deleted file's. */
static char *plain_path(const char *path)
{
	size_t len = strlen(path);
	size_t tail = strlen(DELETED);

	if (len > tail && !strcmp(path + len - tail, DELETED))
		len -= tail;
	return mlu_strndup(path, len);
}

int mlu_files_open(struct mlu_files *files, const struct mlu_mapping *mapping, char **path,
		   char **why)
{
	int fd;

	*why = NULL;
	*path = plain_path(mapping->path);
	fd = open_held(files, mapping);
	if (fd < 0)
		fd = open_mapped(files, mapping, why);
	if (fd < 0)
		fd = open_path(files, *path, mapping, why);
	if (fd < 0)
		fd = open_flat(files, *path, mapping, why);
	if (fd < 0 && strcmp(mapping->build_id, "-"))
		fd = fetch(files, mapping, why);
	if (fd < 0 && !*why)
		tell(why, mlu_format("the file was not found"));
	return fd;
}

int mlu_files_debug(struct mlu_files *files, const char *build_id)
{
	char *path, *found;
	int fd;

	if (files->root < 0 || strlen(build_id) < 4)
		return -1;
	path = mlu_format("/usr/lib/debug/.build-id/%.2s/%s.debug", build_id, build_id + 2);
	fd = mlu_elf_open(files->root, path, true);
	free(path);
	if (fd < 0)
		return -1;
	found = mlu_elf_build_id(fd);
	if (strcmp(found, build_id)) {
		close(fd);
		fd = -1;
	}
	free(found);
	return fd;
}
