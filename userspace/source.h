/* SPDX-License-Identifier: GPL-2.0-only */
/* From an address to its lines of source, and to the functions that were inlined there. */
#ifndef MLU_SOURCE_H
#define MLU_SOURCE_H

#include <elfutils/libdwfl.h>
#include <stddef.h>

/* One function at an address: the innermost inlined one first, last the one that has the code. */
struct mlu_source {
	char *function; /* safe to print; NULL: the last one, whose name is the symbol's */
	char *file;	/* its last part, safe to print; NULL: not known */
	int line;
};

/*
 * Reads the object's debug information, its own or separate, and asks the servers of
 * DEBUGINFOD_URLS if that is set.  Returns how many there are, 0 where there is no debug
 * information.
 */
size_t mlu_source_of(Dwfl_Module *module, Dwarf_Addr address, struct mlu_source **source);
void mlu_source_free(struct mlu_source *source, size_t nr);

#endif
