/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_ELF_IMAGE_H
#define MU_ELF_IMAGE_H

#include <libelf.h>
#include <stddef.h>

/**
 * struct mu_elf_section - a section of a new ELF file
 * @name: its name
 * @bytes: its contents
 * @size: size of @bytes
 */
struct mu_elf_section {
	const char *name;
	const void *bytes;
	size_t size;
};

int mu_elf_image_new(const struct mu_elf_section *sections, size_t nr);
Elf_Data *mu_elf_find_section(Elf *elf, const char *name);

#endif
