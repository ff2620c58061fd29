/* SPDX-License-Identifier: GPL-2.0-only */
/* Split debug information: the part of a unit that lies in a .dwo or .dwp file. */
#ifndef MU_DWARF_SPLIT_H
#define MU_DWARF_SPLIT_H

#include <elfutils/libdw.h>
#include <stdbool.h>

/**
 * struct mu_dwarf_split_files - where .dwo and .dwp files are looked for
 * @open: opens a regular file at a path that an object names, or returns -1
 * @context: for @open
 * @object: path of the object
 */
struct mu_dwarf_split_files {
	int (*open)(void *context, const char *path);
	void *context;
	const char *object;
};

/* An opened part of a unit. */
struct mu_dwarf_split {
	Dwarf *skeleton;
	Dwarf_Die die; /* of the split unit */
	int fd;
};

/**
 * mu_dwarf_split_open() - find the split unit of a skeleton unit
 * @split: filled in, to be closed
 *
 * Return: false if it was not found.
 */
bool mu_dwarf_split_open(const struct mu_dwarf_split_files *files, Dwarf_Die *skeleton,
			 struct mu_dwarf_split *split);
void mu_dwarf_split_close(struct mu_dwarf_split *split);

#endif
