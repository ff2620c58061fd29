/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_DWARF_SPLIT_H
#define MU_DWARF_SPLIT_H

#include <elfutils/libdw.h>
#include <stdbool.h>

/**
 * struct mu_dwarf_split_files - where .dwo and .dwp files are searched
 * @open: opens a regular file at a path that an object contains, or returns -1
 * @context: for @open
 * @object: path of the object
 */
struct mu_dwarf_split_files {
	int (*open)(void *context, const char *path);
	void *context;
	const char *object;
};

/**
 * struct mu_dwarf_split - an open split unit
 * @skeleton: libdw's handle of its skeleton unit
 * @die: DIE of the split unit
 * @fd: the file of the skeleton unit, -1 if none is open
 */
struct mu_dwarf_split {
	Dwarf *skeleton;
	Dwarf_Die die;
	int fd;
};

bool mu_dwarf_split_open(const struct mu_dwarf_split_files *files, Dwarf_Die *skeleton,
			 struct mu_dwarf_split *split);
void mu_dwarf_split_close(struct mu_dwarf_split *split);

#endif
