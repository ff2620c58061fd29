// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small ELF files in memory, for libdw to read, and access to sections by name.
 *
 * Depends on mem.c only.
 */
#include "elf_image.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"

static bool add_section(Elf *elf, const struct mu_elf_section *section, size_t name,
			unsigned int type)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *data = scn ? elf_newdata(scn) : NULL;
	GElf_Shdr header;

	if (!data || !gelf_getshdr(scn, &header))
		return false;
	header.sh_name = name;
	header.sh_type = type;
	data->d_buf = (void *)section->bytes;
	data->d_size = section->size;
	data->d_align = 1;
	data->d_version = EV_CURRENT;
	return gelf_update_shdr(scn, &header);
}

/* Return: the contents of .shstrtab, including its own name. */
static char *join_names(const struct mu_elf_section *sections, size_t nr, size_t *size)
{
	static const char own[] = ".shstrtab";
	char *names;

	*size = 1 + sizeof(own);
	for (size_t i = 0; i < nr; i++)
		*size += strlen(sections[i].name) + 1;
	names = mu_zalloc(*size);
	*size = 1;
	for (size_t i = 0; i < nr; i++)
		*size += strlen(strcpy(names + *size, sections[i].name)) + 1;
	*size += strlen(strcpy(names + *size, own)) + 1;
	return names;
}

static bool write_sections(Elf *elf, const struct mu_elf_section *sections, size_t nr,
			   const struct mu_elf_section *names)
{
	GElf_Ehdr header = {
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shstrndx = nr + 1,
	};
	size_t name = 1;

	if (!elf || !gelf_newehdr(elf, ELFCLASS64))
		return false;
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_ident[EI_VERSION] = EV_CURRENT;
	if (!gelf_update_ehdr(elf, &header))
		return false;
	for (size_t i = 0; i < nr; i++) {
		if (!add_section(elf, &sections[i], name, SHT_PROGBITS))
			return false;
		name += strlen(sections[i].name) + 1;
	}
	return add_section(elf, names, name, SHT_STRTAB) && elf_update(elf, ELF_C_WRITE) > 0;
}

/**
 * mu_elf_image_new() - create an ELF file in memory
 * @sections: its sections
 * @nr: number of @sections
 *
 * Return: the open file, or -1.
 */
int mu_elf_image_new(const struct mu_elf_section *sections, size_t nr)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct mu_elf_section names = { .name = ".shstrtab" };
	char *text = join_names(sections, nr, &names.size);
	Elf *elf;

	names.bytes = text;
	elf_version(EV_CURRENT);
	elf = fd >= 0 ? elf_begin(fd, ELF_C_WRITE, NULL) : NULL;
	if (!write_sections(elf, sections, nr, &names) && fd >= 0) {
		close(fd);
		fd = -1;
	}
	elf_end(elf);
	free(text);
	return fd;
}

/**
 * mu_elf_find_section() - read a section
 * @elf: the ELF file
 * @name: name of the section
 *
 * Return: its contents, decompressed, or NULL if there is no such section.
 */
Elf_Data *mu_elf_find_section(Elf *elf, const char *name)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *found;

		if (!gelf_getshdr(scn, &header))
			continue;
		found = elf_strptr(elf, names, header.sh_name);
		if (!found || strcmp(found, name))
			continue;
		if (header.sh_flags & SHF_COMPRESSED)
			elf_compress(scn, 0, 0);
		return elf_getdata(scn, NULL);
	}
	return NULL;
}
