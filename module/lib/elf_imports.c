// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_imports: does an ELF image refer to functions of other objects by name.
 *
 * Undefined dynamic symbols are in no hash table. They precede the symbols that DT_GNU_HASH covers;
 * with DT_HASH alone they are anywhere among the symbols, of which it has the number.
 *
 * Pure, see elf.h.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

/* Symbols that are read: a large library has some 100,000, most of them defined. */
#define MAX_SYMBOLS (512 * 1024)

/* DT_GNU_HASH: counts, a Bloom filter of 64-bit words, buckets of 32-bit words. */
struct gnu_header {
	u32 nr_buckets;
	u32 first_symbol;
	u32 bloom_words;
	u32 bloom_shift;
};

/*
 * A table without symbols has one empty bucket, and linkers disagree about its first symbol. The
 * strings usually follow the symbols and bound their number.
 */
static int count_before_gnu_hash(struct mlu_elf *elf, u64 *nr)
{
	const struct mlu_elf_dynamic *dynamic = &elf->dynamic;
	struct mlu_elf_table table;
	struct gnu_header head;
	u32 bucket = 1;
	int err;

	if (!mlu_elf_table_at(elf, dynamic->gnu_hash, &table))
		return -ENOEXEC;
	err = mlu_elf_entry(elf, &table, 0, &head, sizeof(head));
	if (!err && head.nr_buckets == 1)
		err = mlu_elf_entry(elf, &table, sizeof(head) + head.bloom_words * (u64)sizeof(u64),
				    &bucket, sizeof(bucket));
	if (err)
		return err;
	*nr = head.first_symbol;
	if (!bucket && dynamic->strtab > dynamic->symtab)
		*nr = (dynamic->strtab - dynamic->symtab) / sizeof(Elf64_Sym);
	return 0;
}

/* DT_HASH: the numbers of buckets and symbols, 32 bits wide. */
static int count_by_hash(struct mlu_elf *elf, u64 *nr)
{
	struct mlu_elf_table table;
	u32 nr_symbols;
	int err;

	if (!mlu_elf_table_at(elf, elf->dynamic.hash, &table))
		return -ENOEXEC;
	err = mlu_elf_entry(elf, &table, sizeof(u32), &nr_symbols, sizeof(nr_symbols));
	*nr = nr_symbols;
	return err;
}

static int scan_undefined(struct mlu_elf *elf, u64 nr_symbols, const char *const *names,
			  unsigned int nr)
{
	struct mlu_elf_table symbols, strings;
	Elf64_Sym symbol;
	u64 i;
	int ret = 0;

	if (!mlu_elf_table_at(elf, elf->dynamic.symtab, &symbols) ||
	    !mlu_elf_table_at(elf, elf->dynamic.strtab, &strings) ||
	    elf->dynamic.strsz > strings.len)
		return -ENOEXEC;
	strings.len = elf->dynamic.strsz;
	nr_symbols = min_t(u64, nr_symbols, MAX_SYMBOLS);
	for (i = 1; i < nr_symbols && !ret; i++) {
		ret = mlu_elf_entry(elf, &symbols, i * sizeof(symbol), &symbol, sizeof(symbol));
		if (!ret && symbol.st_shndx == SHN_UNDEF && symbol.st_name)
			ret = mlu_elf_is_name(elf, &strings, symbol.st_name, names, nr);
	}
	return ret;
}

/**
 * mlu_elf_imports() - does an object have an undefined dynamic symbol with one of some names
 * @elf: an opened image
 * @names: the names, each at most MLU_ELF_MAX_NAME long
 * @nr: how many
 *
 * Return: 1 if it does, 0 if not; -ENOEXEC if tables are malformed; or the error of the source.
 */
int mlu_elf_imports(struct mlu_elf *elf, const char *const *names, unsigned int nr)
{
	const struct mlu_elf_dynamic *dynamic = &elf->dynamic;
	u64 nr_symbols = 0;
	int err;

	if (!dynamic->symtab || (!dynamic->gnu_hash && !dynamic->hash))
		return 0;
	if (dynamic->syment && dynamic->syment != sizeof(Elf64_Sym))
		return -ENOEXEC;
	err = dynamic->hash ? count_by_hash(elf, &nr_symbols) :
			      count_before_gnu_hash(elf, &nr_symbols);
	return err ? err : scan_undefined(elf, nr_symbols, names, nr);
}
