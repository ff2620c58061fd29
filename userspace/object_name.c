// SPDX-License-Identifier: GPL-2.0-only
/* Finding the mapped object that option -O names. Depends on mem.c only. */
#include "object_name.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "c" matches libc.so.6 and libc-2.31.so, but not libcrypt.so.1. */
static bool is_library(const char *name, const char *wanted)
{
	size_t len = strlen(wanted);

	if (strncmp(name, "lib", 3) || strncmp(name + 3, wanted, len))
		return false;
	name += 3 + len;
	return !strncmp(name, ".so", 3) || (name[0] == '-' && name[1] >= '0' && name[1] <= '9');
}

/* Return: the last component of the path in a line of maps, NULL if the mapping has no file. */
static char *mapped_name(char *line)
{
	char *path = strchr(line, '/');
	char *deleted;

	line[strcspn(line, "\n")] = '\0';
	if (!path)
		return NULL;
	deleted = strstr(path, " (deleted)");
	if (deleted && !deleted[strlen(" (deleted)")])
		*deleted = '\0';
	return strrchr(path, '/') + 1;
}

/* Return: the name of the object, to be freed, or NULL. An exact match has precedence. */
static char *find_library(FILE *maps, const char *wanted)
{
	char *line = NULL, *found = NULL;
	bool exact = false;
	size_t size = 0;

	while (!exact && getline(&line, &size, maps) > 0) {
		char *name = mapped_name(line);

		if (!name)
			continue;
		exact = !strcmp(name, wanted);
		if (exact || (!found && is_library(name, wanted))) {
			free(found);
			found = mu_strndup(name, strlen(name));
		}
	}
	free(line);
	return found;
}

/**
 * mu_object_name() - find the mapped object that a user names
 * @maps: /proc/PID/maps; may be NULL
 * @wanted: its name, its path, /proc/PID/exe, or as in memleak the name of a library
 *          without "lib" and suffix ("c")
 *
 * Return: the name of the object, to be freed. If no object matches, it is the last component of
 * @wanted, which the module refuses.
 */
char *mu_object_name(FILE *maps, const char *wanted)
{
	char target[PATH_MAX];
	ssize_t len = -1;
	char *name;

	if (strchr(wanted, '/'))
		len = readlink(wanted, target, sizeof(target) - 1);
	if (len > 0) {
		target[len] = '\0';
		wanted = target;
	}
	wanted = last_component(wanted);
	name = maps ? find_library(maps, wanted) : NULL;
	return name ? name : mu_strndup(wanted, strlen(wanted));
}
