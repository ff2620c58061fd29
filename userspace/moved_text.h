/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_MOVED_TEXT_H
#define MU_MOVED_TEXT_H

#include <stdint.h>

/**
 * struct mu_moved - memory that is a copy of the code of a file
 * @start: first address
 * @end: first address behind it
 * @bias: of addresses in the process to those in the file
 * @fd: the file
 * @build_id: of the file, in hexadecimal, "-" if it has none
 * @path: of the file
 * @name: last part of the path, safe to print
 * @scan: number of the last scan that found it
 */
struct mu_moved {
	uint64_t start, end;
	uint64_t bias;
	int fd;
	char *build_id;
	char *path;
	char *name;
	unsigned int scan;
};

struct mu_moved_text;

struct mu_moved_text *mu_moved_text_new(int proc);
void mu_moved_text_free(struct mu_moved_text *text);
void mu_moved_text_scan(struct mu_moved_text *text);
const struct mu_moved *mu_moved_text_find(const struct mu_moved_text *text, uint64_t address);

#endif
