/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf_internal: shared by the files of the ELF reader (elf*.c) and used by its tests.
 *
 * Everything is copied out of the scratch buffer, or bounded by it, before it is checked and used.
 */
#ifndef MLU_ELF_INTERNAL_H
#define MLU_ELF_INTERNAL_H

#include "elf.h"

/**
 * struct mlu_elf_table - a piece of the file, all of which is in the file
 * @offset: its file offset
 * @len: its length
 *
 * Nothing behind the end of a table's segment or section is read, whatever size the table claims.
 */
struct mlu_elf_table {
	u64 offset;
	u64 len;
};

bool mlu_elf_in_file(const struct mlu_elf *elf, u64 off, u64 len);
const void *mlu_elf_bytes(struct mlu_elf *elf, struct mlu_elf_window *win, u64 off, size_t len);
int mlu_elf_copy(struct mlu_elf *elf, u64 off, void *to, size_t len);
bool mlu_elf_extent(const struct mlu_elf *elf, u64 vaddr, bool exec, u64 *offset, u64 *len);
bool mlu_elf_table_at(const struct mlu_elf *elf, u64 vaddr, struct mlu_elf_table *table);
int mlu_elf_entry(struct mlu_elf *elf, const struct mlu_elf_table *table, u64 at, void *to,
		  size_t len);
int mlu_elf_is_name(struct mlu_elf *elf, const struct mlu_elf_table *strings, u64 at,
		    const char *const *names, unsigned int nr);
bool mlu_elf_is_function(const Elf64_Sym *symbol);
int mlu_elf_segment(struct mlu_elf *elf, unsigned int i, Elf64_Phdr *phdr);
int mlu_elf_section(struct mlu_elf *elf, unsigned int i, Elf64_Shdr *shdr);

#endif /* MLU_ELF_INTERNAL_H */
