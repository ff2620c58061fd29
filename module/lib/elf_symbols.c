// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_symbols: functions of an ELF image by their names, and their bytes.
 *
 * Pure, see elf.h. The dynamic symbols are asked first (elf_dynsym.c); a static program has none
 * of use, so that its symbol table is read from end to end, in pieces and up to a bound.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

/* Symbols of a static program: a very large one has some 600,000. */
#define MAX_SYMBOLS (4 * 1024 * 1024)
/* Of a program that the dynamic symbols make an allocator already: for this, attaching waits. */
#define MAX_SYMBOLS_OF_REST (512 * 1024)

int mlu_elf_entry(struct mlu_elf *elf, const struct mlu_elf_table *table, u64 at, void *to,
		  size_t len)
{
	if (at > table->len || len > table->len - at)
		return -ENOEXEC;
	return mlu_elf_copy(elf, table->offset + at, to, len);
}

bool mlu_elf_is_function(const Elf64_Sym *symbol)
{
	return (symbol->st_info & 15) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx < SHN_LORESERVE;
}

/* Only as much as could match is read. */
const char *mlu_elf_string(struct mlu_elf_search *s, u32 name)
{
	const char *string;
	size_t len;

	if (name >= s->strings.len)
		return ERR_PTR(-ENOEXEC);
	len = min_t(u64, s->longest + 1, s->strings.len - name);
	string = mlu_elf_bytes(s->elf, &s->elf->strings, s->strings.offset + name, len);
	if (IS_ERR(string) || memchr(string, 0, len))
		return string;
	return NULL;
}

bool mlu_elf_take_symbol(struct mlu_elf_search *s, unsigned int n, const Elf64_Sym *symbol)
{
	struct mlu_elf_symbol *sym = &s->sym[n];
	u64 offset, len;

	if (!mlu_elf_extent(s->elf, symbol->st_value, true, &offset, &len))
		return false;
	if (!sym->found)
		s->found++;
	sym->found = true;
	sym->value = symbol->st_value;
	sym->offset = offset;
	sym->size = symbol->st_size;
	return true;
}

/* === Static programs === */

static int take_section(struct mlu_elf *elf, const Elf64_Shdr *shdr, struct mlu_elf_table *table)
{
	if (!mlu_elf_in_file(elf, shdr->sh_offset, shdr->sh_size))
		return -ENOEXEC;
	table->offset = shdr->sh_offset;
	table->len = shdr->sh_size;
	return 0;
}

/* 1: @symtab is the symbol table's header; 0: stripped. */
static int find_symtab(struct mlu_elf *elf, Elf64_Shdr *symtab)
{
	unsigned int i;
	int err;

	for (i = 0; i < elf->shnum; i++) {
		err = mlu_elf_section(elf, i, symtab);
		if (err)
			return err;
		if (symtab->sh_type == SHT_SYMTAB)
			return 1;
	}
	return 0;
}

/* The symbol table and the string table that it names. */
static int take_symtab(struct mlu_elf_search *s, const Elf64_Shdr *symtab)
{
	Elf64_Shdr strtab;
	int err;

	if (symtab->sh_entsize != sizeof(Elf64_Sym))
		return -ENOEXEC;
	err = take_section(s->elf, symtab, &s->symbols);
	if (!err)
		err = mlu_elf_section(s->elf, symtab->sh_link, &strtab);
	if (!err)
		err = take_section(s->elf, &strtab, &s->strings);
	return err;
}

/*
 * A static program's malloc may be hidden, which static glibc's is, and then the linker of a
 * static PIE makes a local symbol of it. Such ones stand behind those that were static in their
 * own source file, so of local ones the last is taken, and a global one instead of any.
 */
static void take_static(struct mlu_elf_search *s, unsigned int n, const Elf64_Sym *symbol)
{
	u8 bind = symbol->st_info >> 4;

	if (s->rest && s->global[n])
		return;
	if (bind == STB_LOCAL) {
		if (!s->global[n] && !s->rest)
			mlu_elf_take_symbol(s, n, symbol);
	} else if (bind == STB_GLOBAL || bind == STB_WEAK) {
		if (mlu_elf_take_symbol(s, n, symbol))
			s->global[n] = true;
	}
}

static int try_all_names(struct mlu_elf_search *s, const Elf64_Sym *symbol)
{
	const char *string = mlu_elf_string(s, symbol->st_name);
	unsigned int n;

	if (IS_ERR_OR_NULL(string))
		return PTR_ERR(string);
	for (n = 0; n < s->nr; n++) {
		if (!strcmp(string, s->names[n]))
			take_static(s, n, symbol);
	}
	return 0;
}

static int scan_symtab(struct mlu_elf_search *s)
{
	u64 max = s->rest ? MAX_SYMBOLS_OF_REST : MAX_SYMBOLS;
	u64 i, nr = min_t(u64, s->symbols.len / sizeof(Elf64_Sym), max);
	Elf64_Sym symbol;
	int err;

	for (i = 0; i < nr; i++) {
		err = mlu_elf_entry(s->elf, &s->symbols, i * sizeof(symbol), &symbol,
				    sizeof(symbol));
		if (!err && mlu_elf_is_function(&symbol))
			err = try_all_names(s, &symbol);
		if (err)
			return err;
	}
	return 0;
}

static int find_static(struct mlu_elf_search *s)
{
	Elf64_Shdr symtab;
	int ret;

	ret = find_symtab(s->elf, &symtab);
	if (ret <= 0)
		return ret;
	ret = take_symtab(s, &symtab);
	return ret ? ret : scan_symtab(s);
}

/* The names that are not found yet, in a program. */
static int find_rest(struct mlu_elf_search *s)
{
	unsigned int n;

	s->rest = true;
	for (n = 0; n < s->nr; n++) {
		s->global[n] = s->sym[n].found;
		s->found += s->sym[n].found;
	}
	return s->elf->interp ? find_static(s) : 0;
}

/* === What others call === */

static int begin_search(struct mlu_elf_search *s)
{
	unsigned int n;
	size_t len;

	if (s->nr > MLU_ELF_MAX_NAMES)
		return -EINVAL;
	for (n = 0; n < s->nr; n++) {
		len = strlen(s->names[n]);
		if (!len || len > MLU_ELF_MAX_NAME)
			return -EINVAL;
		s->longest = max(s->longest, len);
	}
	return 0;
}

int mlu_elf_find(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		 struct mlu_elf_symbol *sym)
{
	struct mlu_elf_search s = { .elf = elf, .names = names, .nr = nr, .sym = sym };
	int err;

	err = begin_search(&s);
	if (err)
		return err;
	memset(sym, 0, nr * sizeof(*sym));
	err = mlu_elf_find_dynamic(&s);
	if (!err && !s.found && elf->is_static)
		err = find_static(&s);
	return err ? err : (int)s.found;
}

int mlu_elf_find_rest(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		      struct mlu_elf_symbol *sym)
{
	struct mlu_elf_search s = { .elf = elf, .names = names, .nr = nr, .sym = sym };
	int err;

	err = begin_search(&s);
	if (!err)
		err = find_rest(&s);
	return err ? err : (int)s.found;
}

/* As much of a function as there is room for, no byte behind it and none behind its segment. */
int mlu_elf_code(struct mlu_elf *elf, const struct mlu_elf_symbol *sym, u8 *buf, size_t max,
		 bool *whole)
{
	u64 offset, len;
	int err;

	*whole = false;
	if (!max || !sym->found || !mlu_elf_extent(elf, sym->value, true, &offset, &len))
		return -EINVAL;
	len = min_t(u64, len, min_t(size_t, max, INT_MAX));
	if (sym->size)
		len = min(len, sym->size);
	err = elf->src->read(elf->src, offset, buf, len);
	if (err)
		return err;
	*whole = len == sym->size;
	return len;
}
