/* SPDX-License-Identifier: GPL-2.0-only */
/* The names in one ELF file, by address. */
#ifndef MLU_NAMES_H
#define MLU_NAMES_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "source.h"

struct mlu_functions;

struct mlu_names {
	Dwfl *dwfl; /* NULL: nothing is loaded */
	Dwfl_Module *module;
	struct mlu_debug *debug; /* for lines; NULL: not asked for, or there is none */
	struct mlu_functions *functions;
	bool functions_read;
	int fd; /* to see whether the file is written */
	struct stat state;
};

/**
 * mlu_names_load() - read an ELF file
 * @fd: the file; is taken
 * @path: what libdwfl calls it
 * @userdata: for the callbacks
 * @split: where split debug information is looked for, NULL: lines are not asked for
 *
 * Return: false and dwfl_errmsg(-1) if it cannot be read.
 */
bool mlu_names_load(struct mlu_names *names, const Dwfl_Callbacks *callbacks, int fd,
		    const char *path, void *userdata, const struct mlu_split_files *split);
void mlu_names_unload(struct mlu_names *names);

/* Has the file been written since it was loaded? What is read from now on is another file's. */
bool mlu_names_are_old(const struct mlu_names *names);

/* The symbol at an address of the file, demangled, to be freed, or NULL. */
char *mlu_names_symbol(struct mlu_names *names, uint64_t address, uint64_t *offset);

/* As mlu_source_of(). */
size_t mlu_names_source(struct mlu_names *names, uint64_t address, struct mlu_source **source);

#endif
