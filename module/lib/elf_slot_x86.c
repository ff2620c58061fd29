// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_slot_x86: look up what the dynamic linker writes to a slot of the global offset table.
 *
 * The slot's relocation names a symbol, which this or another object defines, or has the address
 * of a resolver (IFUNC). The relocations of a static program are found through its section table;
 * it has no dynamic section.
 *
 * Source: System V ABI, AMD64 supplement, 4.4 (relocation) and 5.2 (dynamic linking).
 *
 * Pure, see elf.h. A malformed relocation table is no error: the slot is then unknown.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

/*
 * Entries of one table, and of all sections, that are searched; real tables name fewer functions of
 * other objects.
 */
#define MAX_RELOCATIONS (64 * 1024)
/* Sections of a static program that are searched; real ones have some 30. */
#define MAX_SECTIONS 1024

#define RELOC_GLOB_DAT 6
#define RELOC_JUMP_SLOT 7
#define RELOC_IRELATIVE 37

#define VISIBILITY_MASK 3
#define VISIBILITY_DEFAULT 0

static int take_symbol(struct mlu_elf *elf, u32 index, struct mlu_elf_slot *result)
{
	struct mlu_elf_table symbols;
	Elf64_Sym symbol;
	int err;

	if (!mlu_elf_table_at(elf, elf->dynamic.symtab, &symbols))
		return 0;
	err = mlu_elf_entry(elf, &symbols, index * (u64)sizeof(symbol), &symbol, sizeof(symbol));
	if (err)
		return err;
	result->name = symbol.st_name;
	if (mlu_elf_is_function(&symbol)) {
		result->function = symbol.st_value;
		result->interposable = (symbol.st_other & VISIBILITY_MASK) == VISIBILITY_DEFAULT;
	}
	return 1;
}

static int search_relocations(struct mlu_elf *elf, const struct mlu_elf_table *table, u64 size,
			      u64 slot, struct mlu_elf_slot *result)
{
	u64 i, nr = min_t(u64, min(size, table->len) / sizeof(Elf64_Rela), MAX_RELOCATIONS);
	Elf64_Rela rela;
	int err;

	for (i = 0; i < nr; i++) {
		err = mlu_elf_entry(elf, table, i * sizeof(rela), &rela, sizeof(rela));
		if (err)
			return err;
		if (rela.r_offset != slot)
			continue;
		switch ((u32)rela.r_info) {
		case RELOC_GLOB_DAT:
		case RELOC_JUMP_SLOT:
			return take_symbol(elf, rela.r_info >> 32, result);
		case RELOC_IRELATIVE:
			result->resolver = rela.r_addend;
			return 1;
		}
	}
	return 0;
}

static int search_dynamic(struct mlu_elf *elf, u64 vaddr, u64 size, u64 slot,
			  struct mlu_elf_slot *result)
{
	struct mlu_elf_table table;

	if (!vaddr || !mlu_elf_table_at(elf, vaddr, &table))
		return 0;
	return search_relocations(elf, &table, size, slot, result);
}

static int search_sections(struct mlu_elf *elf, u64 slot, struct mlu_elf_slot *result)
{
	u64 size, left = MAX_RELOCATIONS * sizeof(Elf64_Rela);
	struct mlu_elf_table table;
	unsigned int i;
	Elf64_Shdr shdr;
	int ret = 0;

	for (i = 0; i < elf->shnum && i < MAX_SECTIONS && !ret; i++) {
		ret = mlu_elf_section(elf, i, &shdr);
		if (ret || shdr.sh_type != SHT_RELA || !(shdr.sh_flags & SHF_ALLOC) ||
		    !mlu_elf_table_at(elf, shdr.sh_addr, &table))
			continue;
		size = min_t(u64, shdr.sh_size, left);
		left -= size;
		ret = search_relocations(elf, &table, size, slot, result);
	}
	return ret;
}

/**
 * mlu_elf_slot() - look up what the dynamic linker writes to a slot
 * @elf: an opened image
 * @slot: the slot's address in the ELF file
 * @result: what to fill; zeroed if nothing is found
 *
 * Variables are no slots, even if they are initialized with the address of a function of this
 * object, as the program may write to them.
 *
 * Return: 1; 0 if no relocation fills the slot; or the error of the source.
 */
int mlu_elf_slot(struct mlu_elf *elf, u64 slot, struct mlu_elf_slot *result)
{
	const struct mlu_elf_dynamic *dynamic = &elf->dynamic;
	int ret;

	memset(result, 0, sizeof(*result));
	ret = search_dynamic(elf, dynamic->jmprel, dynamic->pltrelsz, slot, result);
	if (!ret)
		ret = search_dynamic(elf, dynamic->rela, dynamic->relasz, slot, result);
	if (!ret && !dynamic->size)
		ret = search_sections(elf, slot, result);
	return ret == -ENOEXEC ? 0 : ret;
}

/**
 * mlu_elf_slot_is() - does the dynamic linker write the address of one of some functions to a slot
 * @elf: an opened image
 * @slot: what mlu_elf_slot() found
 * @names: their names, as for mlu_elf_find()
 * @nr: how many
 *
 * A resolver has the name of the IFUNC symbols with its address.
 *
 * Return: 1 if it does; 0 if not; or the error of the source.
 */
int mlu_elf_slot_is(struct mlu_elf *elf, const struct mlu_elf_slot *slot, const char *const *names,
		    unsigned int nr)
{
	struct mlu_elf_table strings;
	int ret = 0;

	if (slot->resolver)
		ret = mlu_elf_is_ifunc(elf, names, nr, slot->resolver);
	else if (slot->name && mlu_elf_table_at(elf, elf->dynamic.strtab, &strings))
		ret = mlu_elf_is_name(elf, &strings, slot->name, names, nr);
	return ret == -ENOEXEC ? 0 : ret;
}
