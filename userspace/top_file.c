// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small files of /proc and of cgroups, read as a whole.
 *
 * Depends on mem.c and text.c.
 */
#include "top_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "text.h"

#define FIRST_SIZE 4096
/* The groups of a process in its status may take several hundred kilobytes. */
#define MAX_SIZE (4 << 20)

/* Return: the text, or NULL with errno. The file may become unreadable, as a process may exit. */
static char *read_open_file(int fd)
{
	size_t size = FIRST_SIZE, len = 0;
	char *text = mu_zalloc(size);
	ssize_t got;

	while ((got = read(fd, text + len, size - len - 1)) > 0) {
		len += got;
		if (size - len > 1)
			continue;
		if (size >= MAX_SIZE)
			break;
		text = mu_grow(text, size, &size, 1);
	}
	text[len] = '\0';
	if (got >= 0)
		return text;
	free(text);
	return NULL;
}

/**
 * mu_top_read() - read a file
 * @dir: directory that @path is relative to
 * @path: the path
 *
 * Return: its contents, terminated, to be freed; NULL with errno if it cannot be read.
 */
char *mu_top_read(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text;
	int error;

	if (fd < 0)
		return NULL;
	text = read_open_file(fd);
	error = errno;
	close(fd);
	errno = error;
	return text;
}

/**
 * mu_top_field() - read a number of a file that has a name and a number in each line
 * @text: contents of the file
 * @name: the first word of the line, with a colon if the file has one
 * @value: set to the number
 *
 * Return: false if there is no such line.
 */
bool mu_top_field(const char *text, const char *name, uint64_t *value)
{
	size_t len = strlen(name);

	for (const char *line = text; line && *line;) {
		const char *rest = line + len;

		if (!strncmp(line, name, len) && (*rest == ' ' || *rest == '\t')) {
			rest += strspn(rest, " \t");
			return mu_take_number(&rest, value);
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}
