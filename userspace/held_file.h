/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_HELD_FILE_H
#define MU_HELD_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "file_identity.h"

/**
 * struct mu_held_file - a file at an address range
 * @range: the mapping, without its path
 * @path: path of the mapping
 * @link: path of the open file
 * @build_id: build-id of the file, "-" if it has none
 * @why: the reason if the file could not be used, or NULL
 * @state: of the file when it was opened
 * @first: the scan that opened it
 * @since: the first one of the latest consecutive scans that found it
 * @seen: the last one of these scans
 * @fd: the open file, -1 if it could not be used
 * @is_copy: @fd is a copy in memory
 */
struct mu_held_file {
	struct mu_maps_line range;
	char *path;
	char *link;
	char *build_id;
	char *why;
	struct stat state;
	unsigned int first;
	unsigned int since, seen;
	int fd;
	bool is_copy;
};

void mu_held_file_open(struct mu_held_file *h, int proc, const struct mu_maps_line *m);
void mu_held_file_close(struct mu_held_file *h);
void mu_held_file_free(struct mu_held_file *h);
bool mu_held_file_is_written(const struct mu_held_file *h);
bool mu_held_file_is_untouched(const struct mu_held_file *h);

#endif
