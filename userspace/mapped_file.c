// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the file of a mapping.
 *
 * The files of a live process are opened through /proc/PID, so that mount namespaces and deleted
 * files need no special handling; other files are opened by path. A file is used only if it is the
 * mapped one: its build-id has to be equal, and held_files.c has the rules for a file without one.
 *
 * Paths come from the target and may lead anywhere. They are resolved inside the root of the
 * target, and only regular files are opened. Depends on held_files.c, regular_file.c, elf_file.c.
 */
#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "elf_file.h"
#include "held_files.h"
#include "mem.h"
#include "regular_file.h"

/* Appended by the kernel to the path of a deleted file. */
#define DELETED " (deleted)"

struct mu_mapped_files {
	struct mu_search_dirs dirs;
	int root;		    /* of the process, or the sysroot; -1: our own */
	struct mu_held_files *held; /* NULL: there is no live process */
};

/**
 * mu_mapped_file_is_memory() - check whether the path of a mapping is no file's
 * @path: the path
 *
 * Return: true for memory with a path, in which programs generate code.
 */
bool mu_mapped_file_is_memory(const char *path)
{
	static const char *const prefixes[] = { "/memfd:", "/SYSV", "/anon_hugepage", "/dev/zero" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(path, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static int open_root(const struct mu_search_dirs *dirs)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	if (dirs->sysroot)
		return open(dirs->sysroot, flags);
	return dirs->proc >= 0 ? openat(dirs->proc, "root", flags) : -1;
}

/**
 * mu_mapped_files_new() - prepare to find files
 * @dirs: where they are searched
 *
 * Return: the handle, to be freed.
 */
struct mu_mapped_files *mu_mapped_files_new(const struct mu_search_dirs *dirs)
{
	struct mu_mapped_files *files = mu_zalloc(sizeof(*files));

	files->dirs = *dirs;
	files->root = open_root(dirs);
	if (dirs->proc >= 0)
		files->held = mu_held_files_new(dirs->proc);
	return files;
}

/**
 * mu_mapped_files_share() - let the open files of two live processes be used for both
 * @files: the files of the one; new
 * @with: those of the other, and of all that share with it
 */
void mu_mapped_files_share(struct mu_mapped_files *files, struct mu_mapped_files *with)
{
	mu_held_files_share(files->held, with->held);
}

/**
 * mu_mapped_files_free() - close all files
 * @files: the files
 */
void mu_mapped_files_free(struct mu_mapped_files *files)
{
	if (files->held)
		mu_held_files_free(files->held);
	if (files->root >= 0)
		close(files->root);
	free(files);
}

/**
 * mu_mapped_files_hold() - open what the live process has mapped executable now
 * @files: the files
 *
 * Files stay open, as the process may exit, and its mount namespace with it, before its last report
 * is read.
 */
void mu_mapped_files_hold(struct mu_mapped_files *files)
{
	if (files->held)
		mu_held_files_scan(files->held);
}

/**
 * mu_mapped_files_bind() - associate the mappings of a report with the open files
 * @files: the files
 * @target: a target of the report
 *
 * To be called soon after the report was read.
 */
void mu_mapped_files_bind(struct mu_mapped_files *files, const struct mu_target *target)
{
	if (files->held)
		mu_held_files_bind(files->held, target);
}

/**
 * mu_mapped_files_identify() - find out which file without a build-id a mapping is of
 * @files: the files of a live process
 * @mapping: the mapping
 *
 * Return: as mu_held_files_identify().
 */
char *mu_mapped_files_identify(const struct mu_mapped_files *files,
			       const struct mu_mapping *mapping)
{
	return mu_held_files_identify(files->held, mapping);
}

static void set_reason(char **why, char *text)
{
	free(*why);
	*why = text;
}

/* Return: fd if it is the mapped file; otherwise fd is closed, with the reason in *why. */
static int check_build_id(int fd, const struct mu_mapping *m, char **why)
{
	char *found;

	if (fd < 0)
		return -1;
	found = mu_elf_build_id(fd);
	if (!strcmp(found, m->build_id)) {
		set_reason(why, NULL);
	} else {
		set_reason(why,
			   mu_format("the file has build-id %s, the report has %s: it is not used",
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

	if (files->dirs.proc < 0 || m->unmapped)
		return -1;
	name = mu_format("map_files/%" PRIx64 "-%" PRIx64, m->start, m->end);
	fd = mu_regular_file_open(files->dirs.proc, name, 0);
	free(name);
	return check_build_id(fd, m, why);
}

/* A path of another root may lead to another file in our root: this one needs a build-id. */
static int open_path(const struct mu_mapped_files *files, const char *path,
		     const struct mu_mapping *m, char **why)
{
	bool own_root = files->root < 0 || strcmp(m->build_id, "-");
	int fd = -1;

	if (path[0] != '/')
		return -1;
	if (files->root >= 0)
		fd = check_build_id(mu_regular_file_open(files->root, path, MU_IN_ROOT), m, why);
	if (fd < 0 && own_root && !files->dirs.sysroot)
		fd = check_build_id(mu_regular_file_open(AT_FDCWD, path, 0), m, why);
	return fd;
}

/* Try DIR/NAME for each --debug-path, for files that were collected beside a report. */
static int open_flat(const struct mu_mapped_files *files, const char *path,
		     const struct mu_mapping *m, char **why)
{
	const char *dir = files->dirs.debug_path;
	const char *slash = strrchr(path, '/');
	int fd = -1;

	while (dir && *dir && fd < 0) {
		size_t len = strcspn(dir, ":");
		char *file = mu_format("%.*s/%s", (int)len, dir, slash ? slash + 1 : path);

		fd = check_build_id(mu_regular_file_open(AT_FDCWD, file, 0), m, why);
		free(file);
		dir += len + (dir[len] == ':');
	}
	return fd;
}

/* Return: a copy of the path without " (deleted)". */
static char *copy_path(const char *path)
{
	size_t len = strlen(path);
	size_t tail = strlen(DELETED);

	if (len > tail && !strcmp(path + len - tail, DELETED))
		len -= tail;
	return mu_strndup(path, len);
}

/* An unmapped file is not identified by its path, where several files may have been mapped. */
static int open_without_build_id(const struct mu_mapped_files *files, const char *path,
				 const struct mu_mapping *m, char **why)
{
	int fd;

	if (m->unmapped) {
		set_reason(why, mu_format("it has no build-id and was unmapped"));
		return -1;
	}
	fd = open_path(files, path, m, why);
	return fd < 0 ? open_flat(files, path, m, why) : fd;
}

static int open_by_build_id(const struct mu_mapped_files *files, const char *path,
			    const struct mu_mapping *m, char **why)
{
	int fd = open_mapped(files, m, why);

	if (fd < 0)
		fd = open_path(files, path, m, why);
	if (fd < 0)
		fd = open_flat(files, path, m, why);
	if (fd < 0) {
		fd = mu_elf_fetch(m->build_id, files->dirs.debug_path);
		if (fd >= 0)
			set_reason(why, NULL);
	}
	return fd;
}

/**
 * mu_mapped_files_open() - open the file of a mapping
 * @files: the files
 * @mapping: the mapping
 * @path: set to the path of the file in the target, to be freed
 * @why: set to the reason if there is no file, to be freed, else to NULL
 *
 * Return: the open file, or -1.
 */
int mu_mapped_files_open(struct mu_mapped_files *files, const struct mu_mapping *mapping,
			 char **path, char **why)
{
	bool has_build_id = strcmp(mapping->build_id, "-");
	int fd = -1;

	*why = NULL;
	*path = copy_path(mapping->path);
	if (files->held)
		fd = mu_held_files_open(files->held, mapping, why);
	if (fd < 0 && has_build_id)
		fd = open_by_build_id(files, *path, mapping, why);
	else if (fd < 0 && !files->held)
		fd = open_without_build_id(files, *path, mapping, why);
	if (fd < 0 && !*why)
		set_reason(why, mu_format("the file was not found"));
	return fd;
}

/**
 * mu_mapped_files_open_debug() - open separate debug information below the root
 * @files: the files
 * @build_id: its build-id
 *
 * The root is that of the process, or --sysroot.
 *
 * Return: the open file, or -1.
 */
int mu_mapped_files_open_debug(struct mu_mapped_files *files, const char *build_id)
{
	char *path, *found;
	int fd;

	if (files->root < 0 || strlen(build_id) < 4)
		return -1;
	path = mu_format("/usr/lib/debug/.build-id/%.2s/%s.debug", build_id, build_id + 2);
	fd = mu_regular_file_open(files->root, path, MU_IN_ROOT);
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

/**
 * mu_mapped_files_open_below() - open a regular file at a path that an object contains
 * @files: the files
 * @path: the path, below the root of the process or --sysroot; without these, below /
 *
 * Return: the open file, or -1. The caller has to check that it is the right one.
 */
int mu_mapped_files_open_below(const struct mu_mapped_files *files, const char *path)
{
	if (files->root >= 0)
		return mu_regular_file_open(files->root, path, MU_IN_ROOT);
	return files->dirs.sysroot ? -1 : mu_regular_file_open(AT_FDCWD, path, 0);
}

/**
 * mu_mapped_files_open_path() - open a regular file at a path that debug information contains
 * @files: the files
 * @path: the path, below the root of the process or --sysroot, else below /
 *
 * Return: the open file, or -1. The caller has to check that it is the right one.
 */
int mu_mapped_files_open_path(struct mu_mapped_files *files, const char *path)
{
	int fd = mu_mapped_files_open_below(files, path);

	if (fd < 0 && files->root >= 0 && !files->dirs.sysroot)
		fd = mu_regular_file_open(AT_FDCWD, path, 0);
	return fd;
}
