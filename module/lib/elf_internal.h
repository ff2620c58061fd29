/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf_internal: what the files of the elf room share with each other and with nobody else.
 *
 * Every reader here gives copies or bounded pointers: 0 or a pointer if the bytes are in the
 * file, -ENOEXEC if they are not, or what the source said.
 */
#ifndef MLU_ELF_INTERNAL_H
#define MLU_ELF_INTERNAL_H

#include "elf.h"

/*
 * @len bytes at file offset @off, through the window @win; ERR_PTR() if they are not in the file
 * or @len is above the window's size. Unaligned, and good until the window's next use.
 */
const void *mlu_elf_bytes(struct mlu_elf *elf, struct mlu_elf_window *win, u64 off, size_t len);

/* Copy a header or a table's entry out: it may lie unaligned, and is judged after one reading. */
int mlu_elf_copy(struct mlu_elf *elf, u64 off, void *to, size_t len);

/* Are these bytes in the file? */
bool mlu_elf_in_file(const struct mlu_elf *elf, u64 off, u64 len);

/* The i-th program and section header. */
int mlu_elf_segment(struct mlu_elf *elf, unsigned int i, Elf64_Phdr *phdr);
int mlu_elf_section(struct mlu_elf *elf, unsigned int i, Elf64_Shdr *shdr);

/*
 * Where the bytes of address @vaddr begin in the file, and how many there are to the segment's
 * end, all of them in the file. @exec: of executable segments only.
 */
bool mlu_elf_extent(const struct mlu_elf *elf, u64 vaddr, bool exec, u64 *offset, u64 *len);

/* === Symbols: elf_symbols.c, elf_dynsym.c, which it calls first, and elf_jump.c === */

/*
 * A piece of the file, all of it in it. Whatever a table says of its own size, nothing behind the
 * end of its segment or section is read.
 */
struct mlu_elf_table {
	u64 offset;
	u64 len;
};

/* One mlu_elf_find() under way. */
struct mlu_elf_search {
	struct mlu_elf *elf;
	const char *const *names;
	unsigned int nr;
	struct mlu_elf_symbol *sym;
	unsigned int found;
	size_t longest; /* of the names, without its NUL */
	bool rest;	/* mlu_elf_find_rest(): global symbols alone, of what is not found yet */
	/* In a symbol table: names that a global symbol answers, or need no answer. */
	bool global[MLU_ELF_MAX_NAMES];
	struct mlu_elf_table symbols;
	struct mlu_elf_table strings;
};

/* @len bytes at @at of a table. */
int mlu_elf_entry(struct mlu_elf *elf, const struct mlu_elf_table *table, u64 at, void *to,
		  size_t len);

/* Defined, and a function's address rather than that of its resolver. */
bool mlu_elf_is_function(const Elf64_Sym *symbol);

/*
 * The string at @name of the string table; NULL if it is longer than any wanted name, ERR_PTR() if
 * it is not there. Good until the next one is read.
 */
const char *mlu_elf_string(struct mlu_elf_search *s, u32 name);

/*
 * Answer the @n-th name with this symbol. False: its address is in no executable part of the
 * file, which is a lie; it counts as not found.
 */
bool mlu_elf_take_symbol(struct mlu_elf_search *s, unsigned int n, const Elf64_Sym *symbol);

/* Look all names up in the dynamic symbols. */
int mlu_elf_find_dynamic(struct mlu_elf_search *s);

#endif /* MLU_ELF_INTERNAL_H */
