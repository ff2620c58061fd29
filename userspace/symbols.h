/* SPDX-License-Identifier: GPL-2.0-only */
/* The names in one ELF file, by address. */
#ifndef MU_SYMBOLS_H
#define MU_SYMBOLS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "srcline.h"

struct mu_function_starts;

struct mu_symbols {
	Dwfl *dwfl; /* NULL: nothing is loaded */
	Dwfl_Module *module;
	struct mu_srclines *debug; /* for lines; NULL: not asked for, or there is none */
	struct mu_function_starts *functions;
	bool functions_read;
	int fd; /* to see whether the file is written */
	struct stat state;
};

/**
 * mu_symbols_load() - read an ELF file
 * @fd: the file; is taken
 * @path: what libdwfl calls it
 * @userdata: for the callbacks
 * @split: where split debug information is looked for, NULL: lines are not asked for
 *
 * Return: false and dwfl_errmsg(-1) if it cannot be read.
 */
bool mu_symbols_load(struct mu_symbols *names, const Dwfl_Callbacks *callbacks, int fd,
		     const char *path, void *userdata, const struct mu_dwarf_split_files *split);
void mu_symbols_unload(struct mu_symbols *names);

/* Has the file been written since it was loaded? What is read from now on is another file's. */
bool mu_symbols_are_stale(const struct mu_symbols *names);

/* The symbol at an address of the file, demangled, to be freed, or NULL. */
char *mu_symbols_name(struct mu_symbols *names, uint64_t address, uint64_t *offset);

/* As mu_srclines_find(). */
size_t mu_symbols_srclines(struct mu_symbols *names, uint64_t address, struct mu_srcline **source);

#endif
