// SPDX-License-Identifier: GPL-2.0-only
/* memleak's -O: which mapped object the user means. */
#include "object_name.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "c" is libc.so.6 and libc-2.31.so, and not libcrypt.so.1. */
static bool is_library(const char *name, const char *wanted)
{
	size_t len = strlen(wanted);

	if (strncmp(name, "lib", 3) || strncmp(name + 3, wanted, len))
		return false;
	name += 3 + len;
	return !strncmp(name, ".so", 3) || (name[0] == '-' && name[1] >= '0' && name[1] <= '9');
}

/* The last part of the path in a line of maps, in place; NULL if it maps no file. */
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

/* A name that fits exactly is taken before one that fits as a library name does. */
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
	wanted = base_name(wanted);
	name = maps ? find_library(maps, wanted) : NULL;
	return name ? name : mu_strndup(wanted, strlen(wanted));
}
