/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_TOP_OBJECT_H
#define MU_TOP_OBJECT_H

#include <stdbool.h>

/**
 * struct mu_top_object - what an ELF file has to do with allocating memory
 * @is_elf: it is an ELF file
 * @is_32_bit: it is one for 32-bit programs; the rest is not set then
 * @is_static: it names no dynamic linker
 * @exports: malloc and free are in its dynamic symbol table
 * @has_symbols: malloc and free are in its symbol table
 * @has_go: it has a Go runtime
 */
struct mu_top_object {
	bool is_elf;
	bool is_32_bit;
	bool is_static;
	bool exports;
	bool has_symbols;
	bool has_go;
};

void mu_top_object_read(struct mu_top_object *object, int fd);

#endif
