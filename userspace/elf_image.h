/* SPDX-License-Identifier: GPL-2.0-only */
/* Writing a small ELF file into memory, for libdw to read. */
#ifndef MU_ELF_IMAGE_H
#define MU_ELF_IMAGE_H

#include <libelf.h>
#include <stddef.h>

struct mu_elf_section {
	const char *name;
	const void *bytes;
	size_t size;
};

/**
 * mu_elf_image_new() - make an ELF file of sections
 *
 * Return: an open file in memory, or -1.
 */
int mu_elf_image_new(const struct mu_elf_section *sections, size_t nr);

/* The bytes of a section by its name; NULL: there is none. */
Elf_Data *mu_elf_section(Elf *elf, const char *name);

#endif
