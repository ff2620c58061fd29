/* SPDX-License-Identifier: GPL-2.0-only */
/* From an address to its lines of source, and to the functions that were inlined there. */
#ifndef MU_SRCLINE_H
#define MU_SRCLINE_H

#include <elfutils/libdwfl.h>
#include <stddef.h>

#include "dwarf_split.h"

/* One function at an address: the innermost inlined one first, last the one that has the code. */
struct mu_srcline {
	char *function; /* safe to print; NULL: the last one, whose name is the symbol's */
	char *file;	/* its last part, safe to print; NULL: not known */
	int line;
};

struct mu_srclines;

/**
 * mu_srclines_new() - open the debug information of an object, its own or separate
 * @module: of the object
 * @files: where parts of it in other files are looked for, must outlive the result
 *
 * Asks the servers of DEBUGINFOD_URLS if that is set.
 *
 * Return: the debug information, to be freed before @module, or NULL: there is none.
 */
struct mu_srclines *mu_srclines_new(Dwfl_Module *module, const struct mu_dwarf_split_files *files);
void mu_srclines_free(struct mu_srclines *debug);

/**
 * mu_srclines_find() - find the functions and lines at an address
 * @address: in the object's file
 * @source: set to an array, to be freed with mu_srcline_free()
 *
 * Where it is not known which functions are inlined at the address no line is given either: it
 * could be the line of another function than the symbol's.
 *
 * Return: the number of functions, 0 if nothing is known.
 */
size_t mu_srclines_find(struct mu_srclines *debug, Dwarf_Addr address, struct mu_srcline **source);
void mu_srcline_free(struct mu_srcline *source, size_t nr);

#endif
