// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the file that was mapped. Paths are the target's words and may lead
 * to anything: they are resolved inside the target's own root, and only a
 * regular file, of the right build-id, is used.
 */
#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "held_files.h"
#include "mem.h"

/* A deleted file's path as the kernel shows it. */
#define DELETED " (deleted)"

struct mu_mapped_files {
	struct mu_search_dirs places;
	int root;		    /* the process's root or the sysroot, -1: our own */
	struct mu_held_files *held; /* NULL: the process is gone */
};

static int open_root(const struct mu_search_dirs *places)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	if (places->sysroot)
		return open(places->sysroot, flags);
	return places->proc >= 0 ? openat(places->proc, "root", flags) : -1;
}

struct mu_mapped_files *mu_mapped_files_new(const struct mu_search_dirs *places)
{
	struct mu_mapped_files *files = mu_zalloc(sizeof(*files));

	files->places = *places;
	files->root = open_root(places);
	if (places->proc >= 0)
		files->held = mu_held_files_new(places->proc);
	return files;
}

void mu_mapped_files_free(struct mu_mapped_files *files)
{
	if (files->held)
		mu_held_files_free(files->held);
	if (files->root >= 0)
		close(files->root);
	free(files);
}

void mu_mapped_files_hold(struct mu_mapped_files *files)
{
	if (files->held)
		mu_held_files_scan(files->held);
}

void mu_mapped_files_bind(struct mu_mapped_files *files, const struct mu_target *target)
{
	if (files->held)
		mu_held_files_bind(files->held, target);
}

static void tell(char **why, char *text)
{
	free(*why);
	*why = text;
}

/* Takes fd if it is what was mapped, closes it if not; *why tells what is known of that so far. */
static int verified(int fd, const struct mu_mapping *m, char **why)
{
	char *found;

	if (fd < 0)
		return -1;
	found = mu_elf_build_id(fd);
	if (!strcmp(found, m->build_id)) {
		tell(why, NULL);
	} else {
		tell(why, mu_format("the file has build-id %s, the report tells %s: it is not used",
				    found, m->build_id));
		close(fd);
		fd = -1;
	}
	free(found);
	return fd;
}

static int open_mapped(const struct mu_mapped_files *files, const struct mu_mapping *m, char **why)
{
	char *name;
	int fd;

	if (files->places.proc < 0 || m->unmapped)
		return -1;
	name = mu_format("map_files/%" PRIx64 "-%" PRIx64, m->start, m->end);
	fd = mu_elf_open(files->places.proc, name, false);
	free(name);
	return verified(fd, m, why);
}

/* A path of another root means another file in ours, which then only a build-id can prove. */
static int open_path(const struct mu_mapped_files *files, const char *path,
		     const struct mu_mapping *m, char **why)
{
	bool own_root = files->root < 0 || strcmp(m->build_id, "-");
	int fd = -1;

	if (path[0] != '/')
		return -1;
	if (files->root >= 0)
		fd = verified(mu_elf_open(files->root, path, true), m, why);
	if (fd < 0 && own_root && !files->places.sysroot)
		fd = verified(mu_elf_open(AT_FDCWD, path, false), m, why);
	return fd;
}

/* DIR/NAME for the directories of --debug-path: files collected flat beside a report. */
static int open_flat(const struct mu_mapped_files *files, const char *path,
		     const struct mu_mapping *m, char **why)
{
	const char *dir = files->places.debug_path;
	const char *slash = strrchr(path, '/');
	int fd = -1;

	while (dir && *dir && fd < 0) {
		size_t len = strcspn(dir, ":");
		char *file = mu_format("%.*s/%s", (int)len, dir, slash ? slash + 1 : path);

		fd = verified(mu_elf_open(AT_FDCWD, file, false), m, why);
		free(file);
		dir += len + (dir[len] == ':');
	}
	return fd;
}

static int fetch(const struct mu_mapped_files *files, const struct mu_mapping *m, char **why)
{
	int fd = mu_elf_fetch(m->build_id, files->places.debug_path);

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
	return mu_strndup(path, len);
}

/* Whose mapping is gone may have been another file of the same path: two were mapped there. */
static int open_unproven(const struct mu_mapped_files *files, const char *path,
			 const struct mu_mapping *m, char **why)
{
	int fd;

	if (m->unmapped) {
		tell(why,
		     mu_format("it has no build-id and was unmapped: its file cannot be told"));
		return -1;
	}
	fd = open_path(files, path, m, why);
	return fd < 0 ? open_flat(files, path, m, why) : fd;
}

static int open_proven(const struct mu_mapped_files *files, const char *path,
		       const struct mu_mapping *m, char **why)
{
	int fd = open_mapped(files, m, why);

	if (fd < 0)
		fd = open_path(files, path, m, why);
	if (fd < 0)
		fd = open_flat(files, path, m, why);
	return fd < 0 ? fetch(files, m, why) : fd;
}

int mu_mapped_files_open(struct mu_mapped_files *files, const struct mu_mapping *mapping,
			 char **path, char **why)
{
	bool has_build_id = strcmp(mapping->build_id, "-");
	int fd = -1;

	*why = NULL;
	*path = plain_path(mapping->path);
	if (files->held)
		fd = mu_held_files_open(files->held, mapping, why);
	if (fd < 0 && has_build_id)
		fd = open_proven(files, *path, mapping, why);
	else if (fd < 0 && !files->held)
		fd = open_unproven(files, *path, mapping, why);
	if (fd < 0 && !*why)
		tell(why, mu_format("the file was not found"));
	return fd;
}

int mu_mapped_files_open_debug(struct mu_mapped_files *files, const char *build_id)
{
	char *path, *found;
	int fd;

	if (files->root < 0 || strlen(build_id) < 4)
		return -1;
	path = mu_format("/usr/lib/debug/.build-id/%.2s/%s.debug", build_id, build_id + 2);
	fd = mu_elf_open(files->root, path, true);
	free(path);
	if (fd < 0)
		return -1;
	found = mu_elf_build_id(fd);
	if (strcmp(found, build_id)) {
		close(fd);
		fd = -1;
	}
	free(found);
	return fd;
}

int mu_mapped_files_open_path(struct mu_mapped_files *files, const char *path)
{
	int fd = files->root >= 0 ? mu_elf_open(files->root, path, true) : -1;

	if (fd < 0 && !files->places.sysroot)
		fd = mu_elf_open(AT_FDCWD, path, false);
	return fd;
}
