/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether an open file is the one that a process has mapped. */
#ifndef MU_FILE_IDENTITY_H
#define MU_FILE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Device and inode as /proc/PID/maps shows them: fstat() may show others, of an overlay. */
struct mu_inode {
	char device[16];
	unsigned long number;
};

/* One executable mapping, as a line of /proc/PID/maps shows it. */
struct mu_maps_line {
	uint64_t start, end, offset;
	struct mu_inode inode;
	bool executable;
	const char *path; /* in the line */
};

bool mu_maps_line_parse(char *line, struct mu_maps_line *m);

/**
 * mu_file_is_inode() - is @fd open on the file that a process has mapped?
 * @proc: /proc/PID, or -1: only the inode is compared
 * @inode: of the mapping
 *
 * An overlay leads from its path to a copy that was made later, while the mapping stays with the
 * original, and new kernels show the same inode for both. So the pages are compared, too: a mapping
 * of @fd must have the same page of memory where both have the same part of the file.
 */
bool mu_file_is_inode(int proc, int fd, const struct mu_inode *inode);

/**
 * mu_file_compare_code() - compare the code in a process's memory with a file
 * @proc: /proc/PID
 * @fd: the file
 * @m: the mapping
 *
 * Only pages that are in memory are read, so that the process does not wait for its file system.
 * Breakpoints are no difference.
 *
 * Return: the number of pages compared, or -1: there is a difference.
 */
int mu_file_compare_code(int proc, int fd, const struct mu_maps_line *m);

#endif
