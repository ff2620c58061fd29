/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SYMBOLS_H
#define MU_SYMBOLS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "srcline.h"

struct mu_function_starts;

/**
 * struct mu_symbols - the symbols of one ELF file
 * @dwfl: libdwfl's handle, NULL if no file is loaded
 * @module: the file in @dwfl
 * @srclines: its debug information, NULL if it is not requested or does not exist
 * @starts: starts of its functions, NULL if they are not known
 * @has_read_starts: @starts has been read
 * @fd: the file, to notice changes
 * @state: of the file when it was loaded
 */
struct mu_symbols {
	Dwfl *dwfl;
	Dwfl_Module *module;
	struct mu_srclines *srclines;
	struct mu_function_starts *starts;
	bool has_read_starts;
	int fd;
	struct stat state;
};

bool mu_symbols_load(struct mu_symbols *symbols, const Dwfl_Callbacks *callbacks, int fd,
		     const char *path, void *userdata, const struct mu_dwarf_split_files *split);
void mu_symbols_unload(struct mu_symbols *symbols);
bool mu_symbols_are_stale(const struct mu_symbols *symbols);
char *mu_symbols_name(struct mu_symbols *symbols, uint64_t address, uint64_t *offset);
size_t mu_symbols_srclines(struct mu_symbols *symbols, uint64_t address,
			   struct mu_srcline **source);

#endif
