// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether an ELF file has an allocator that the module can trace.
 *
 * This is what the module looks for at an attach, without the places of its probes. Files are read,
 * not mapped, as they may be truncated meanwhile.
 */
#include "top_object.h"

#include <elf.h>
#include <gelf.h>
#include <stddef.h>
#include <string.h>

#include "compiler.h"

static bool has_interpreter(Elf *elf)
{
	size_t nr = 0;
	GElf_Phdr phdr;

	if (elf_getphdrnum(elf, &nr))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (gelf_getphdr(elf, i, &phdr) && phdr.p_type == PT_INTERP)
			return true;
	return false;
}

static Elf_Scn *find_table(Elf *elf, unsigned int type, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, header) && header->sh_type == type)
			return section;
	return NULL;
}

static bool is_function(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_GNU_IFUNC);
}

/* Return: true if a symbol table has both malloc and free. */
static bool has_allocator(Elf *elf, unsigned int type)
{
	GElf_Shdr header;
	Elf_Scn *section = find_table(elf, type, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	bool has_malloc = false, has_free = false;
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name = is_function(&symbol) ?
					   elf_strptr(elf, header.sh_link, symbol.st_name) :
					   NULL;

		if (name && !strcmp(name, "malloc"))
			has_malloc = true;
		if (name && !strcmp(name, "free"))
			has_free = true;
		if (has_malloc && has_free)
			return true;
	}
	return false;
}

/* The sections of Go's linker, of which a stripped program has at least one. */
static bool has_go_runtime(Elf *elf)
{
	static const char *const names[] = { ".note.go.buildid", ".gopclntab",
					     ".data.rel.ro.gopclntab" };
	size_t strings;
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	if (elf_getshdrstrndx(elf, &strings))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &header) ?
					   elf_strptr(elf, strings, header.sh_name) :
					   NULL;

		for (size_t i = 0; name && i < ARRAY_SIZE(names); i++)
			if (!strcmp(name, names[i]))
				return true;
	}
	return false;
}

static void read_object(struct mu_top_object *object, Elf *elf)
{
	const char *ident = elf_getident(elf, NULL);

	object->is_elf = elf_kind(elf) == ELF_K_ELF && ident;
	object->is_32_bit = object->is_elf && ident[EI_CLASS] == ELFCLASS32;
	if (!object->is_elf || object->is_32_bit)
		return;
	object->is_static = !has_interpreter(elf);
	object->exports = has_allocator(elf, SHT_DYNSYM);
	object->has_symbols = !object->exports && object->is_static &&
			      has_allocator(elf, SHT_SYMTAB);
	object->has_go = has_go_runtime(elf);
}

/**
 * mu_top_object_read() - examine a file
 * @object: set to the result
 * @fd: the file
 */
void mu_top_object_read(struct mu_top_object *object, int fd)
{
	Elf *elf;

	*object = (struct mu_top_object){};
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf)
		read_object(object, elf);
	elf_end(elf);
}
