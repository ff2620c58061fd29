/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SRCLINE_H
#define MU_SRCLINE_H

#include <elfutils/libdwfl.h>
#include <stddef.h>

#include "dwarf_split.h"

/**
 * struct mu_srcline - a function at an address, and its source line
 * @function: name of an inlined function, safe to print, NULL for the function with the code
 * @path: path of the source file, safe to print, NULL if it is not known
 * @file: last component of @path, NULL if it is not known
 * @line: the line
 */
struct mu_srcline {
	char *function;
	char *path;
	const char *file;
	int line;
};

struct mu_srclines;

struct mu_srclines *mu_srclines_new(Dwfl_Module *module, const struct mu_dwarf_split_files *files);
void mu_srclines_free(struct mu_srclines *srclines);
size_t mu_srclines_find(struct mu_srclines *srclines, Dwarf_Addr address,
			struct mu_srcline **source);
void mu_srcline_free(struct mu_srcline *source, size_t nr);

#endif
