/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_FILE_IDENTITY_H
#define MU_FILE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct mu_inode - an inode as in /proc/PID/maps; fstat() differs on an overlay
 * @device: its device
 * @number: its number
 */
struct mu_inode {
	char device[16];
	unsigned long number;
};

/**
 * struct mu_maps_line - a mapping in /proc/PID/maps
 * @start: first address
 * @end: first address behind it
 * @offset: of @start in the file
 * @inode: of the file
 * @executable: it is executable
 * @path: of the file; points into the parsed line
 */
struct mu_maps_line {
	uint64_t start, end, offset;
	struct mu_inode inode;
	bool executable;
	const char *path;
};

bool mu_maps_line_parse(char *line, struct mu_maps_line *m);
bool mu_file_is_inode(int proc, int fd, const struct mu_inode *inode);
int mu_file_compare_code(int proc, int fd, const struct mu_maps_line *m);

#endif
