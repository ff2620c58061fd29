// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the separate debug information that the debug link of an object names.
 *
 * A link is the name of a file and its checksum. It comes from the target: it may be the name of no
 * file, or of a file that is not meant, which the checksum shows. Depends on mapped_file.c
 * and zlib.
 */
#include "debug_link.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "compiler.h"
#include "mem.h"

#define SIZE_MAX_READ ((off_t)4 << 30)

static bool has_checksum(int fd, uint32_t crc)
{
	static unsigned char buffer[1 << 16];
	uLong sum = crc32(0, NULL, 0);
	struct stat st;
	off_t at = 0;
	ssize_t got;

	if (fstat(fd, &st) || st.st_size > SIZE_MAX_READ)
		return false;
	while (at < st.st_size && (got = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		sum = crc32(sum, buffer, got);
		at += got;
	}
	return at == st.st_size && sum == crc;
}

static int open_checked(const struct mu_mapped_files *files, const char *path, uint32_t crc)
{
	int fd = mu_mapped_files_open_below(files, path);

	if (fd >= 0 && !has_checksum(fd, crc)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool is_name(const char *link)
{
	return *link && !strchr(link, '/') && strcmp(link, ".") && strcmp(link, "..");
}

/**
 * mu_debug_link_open() - open the file that a debug link names
 * @files: where files are searched
 * @object: path of the object that has the link
 * @link: name of the file
 * @crc: its checksum
 *
 * Searches where gdb does: beside the object, in .debug there, and in the same directory below
 * /usr/lib/debug; each of them below the root of the process or --sysroot, if there is one.
 *
 * Return: the open file, or -1.
 */
int mu_debug_link_open(const struct mu_mapped_files *files, const char *object, const char *link,
		       uint32_t crc)
{
	static const struct {
		const char *before, *behind;
	} places[] = { { "", "" }, { "", ".debug/" }, { "/usr/lib/debug", "" } };
	int fd = -1;

	if (object[0] != '/' || mu_mapped_file_is_memory(object) || !is_name(link))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(places) && fd < 0; i++) {
		int dir = strrchr(object, '/') + 1 - object;
		char *path = mu_format("%s%.*s%s%s", places[i].before, dir, object,
				       places[i].behind, link);

		fd = open_checked(files, path, crc);
		free(path);
	}
	return fd;
}
