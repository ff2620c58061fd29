// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_dynsym: dynamic symbols, through the hash tables, as the loader finds them.
 *
 * Pure, see elf.h. All counts in the tables are 32 bits wide and all sums 64, so nothing wraps;
 * each access is checked against the end of the table's segment.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

/* Entries of one hash chain: real ones have a handful. A cycle ends here too. */
#define MAX_CHAIN 16384
#define VISIBILITY_MASK 3
#define VISIBILITY_DEFAULT 0
#define VISIBILITY_PROTECTED 3
/* In a version index: not the default version of this name. */
#define VERSION_HIDDEN 0x8000

/* What a look-up reads besides symbols and strings. */
struct lookup {
	struct mlu_elf_search *s;
	struct mlu_elf_table hash;
	struct mlu_elf_table versions; /* empty: unversioned */
};

static int read_hash(struct lookup *l, u64 at, void *to, size_t len)
{
	return mlu_elf_entry(l->s->elf, &l->hash, at, to, len);
}

/* The @i-th 32-bit word behind @at of the hash table. */
static int read_word(struct lookup *l, u64 at, u64 i, u32 *word)
{
	return read_hash(l, at + i * sizeof(*word), word, sizeof(*word));
}

static int take_table(struct mlu_elf *elf, u64 vaddr, struct mlu_elf_table *table)
{
	if (!mlu_elf_extent(elf, vaddr, false, &table->offset, &table->len))
		return -ENOEXEC;
	return 0;
}

/* A function that other objects see. */
static bool is_exported(const Elf64_Sym *symbol)
{
	u8 bind = symbol->st_info >> 4;
	u8 visibility = symbol->st_other & VISIBILITY_MASK;

	return mlu_elf_is_function(symbol) && (bind == STB_GLOBAL || bind == STB_WEAK) &&
	       (visibility == VISIBILITY_DEFAULT || visibility == VISIBILITY_PROTECTED);
}

static int is_default_version(struct lookup *l, u64 i)
{
	u16 version;
	int err;

	if (!l->versions.len)
		return true;
	err = mlu_elf_entry(l->s->elf, &l->versions, i * sizeof(version), &version,
			    sizeof(version));
	return err ? err : !(version & VERSION_HIDDEN);
}

/*
 * Is the dynamic symbol @i the wanted name @n? 1: yes, stop; 0: go on, perhaps with something in
 * hand: a version that is not the default one is taken only where no better one follows.
 */
static int try_symbol(struct lookup *l, u64 i, unsigned int n)
{
	struct mlu_elf_search *s = l->s;
	const char *string;
	Elf64_Sym symbol;
	int ret;

	ret = mlu_elf_entry(s->elf, &s->symbols, i * sizeof(symbol), &symbol, sizeof(symbol));
	if (ret || !is_exported(&symbol))
		return ret;
	string = mlu_elf_string(s, symbol.st_name);
	if (IS_ERR(string))
		return PTR_ERR(string);
	if (!string || strcmp(string, s->names[n]))
		return 0;
	ret = is_default_version(l, i);
	if (ret < 0 || (!ret && s->sym[n].found))
		return ret;
	return mlu_elf_take_symbol(s, n, &symbol) && ret;
}

/* === DT_GNU_HASH === */

static u32 gnu_hash(const char *name)
{
	u32 hash = 5381;

	while (*name)
		hash = hash * 33 + (u8)*name++;
	return hash;
}

/* A table of the loader's: counts, then a Bloom filter of 64-bit words, buckets and chains. */
struct gnu_header {
	u32 nr_buckets;
	u32 first_symbol;
	u32 bloom_words;
	u32 bloom_shift;
};

static int bloom_may_have(struct lookup *l, const struct gnu_header *head, u32 hash)
{
	u64 at = sizeof(*head) + (u64)((hash / 64) & (head->bloom_words - 1)) * sizeof(u64);
	u64 word;
	int err;

	err = read_hash(l, at, &word, sizeof(word));
	if (err)
		return err;
	return (word >> (hash % 64)) & (word >> ((hash >> head->bloom_shift) % 64)) & 1;
}

/* A chain word is its symbol's hash; the lowest bit marks the last one instead. */
static int walk_gnu_chain(struct lookup *l, u64 chains, u64 i, u64 first, u32 hash, unsigned int n)
{
	unsigned int step;
	u32 word;
	int ret;

	for (step = 0; step < MAX_CHAIN; step++, i++) {
		ret = read_word(l, chains, i - first, &word);
		if (!ret && (word | 1) == (hash | 1))
			ret = try_symbol(l, i, n);
		if (ret || (word & 1))
			return min(ret, 0);
	}
	return -ENOEXEC;
}

static int find_by_gnu_hash(struct lookup *l, const struct gnu_header *head, unsigned int n)
{
	u32 hash = gnu_hash(l->s->names[n]);
	u64 buckets = sizeof(*head) + head->bloom_words * (u64)sizeof(u64);
	u32 i;
	int ret;

	ret = bloom_may_have(l, head, hash);
	if (ret <= 0)
		return ret;
	ret = read_word(l, buckets, hash % head->nr_buckets, &i);
	if (ret || !i)
		return ret;
	if (i < head->first_symbol)
		return -ENOEXEC;
	return walk_gnu_chain(l, buckets + head->nr_buckets * (u64)sizeof(u32), i,
			      head->first_symbol, hash, n);
}

static int find_all_by_gnu_hash(struct lookup *l)
{
	struct gnu_header head;
	unsigned int n;
	int err;

	err = read_hash(l, 0, &head, sizeof(head));
	if (err)
		return err;
	if (!head.nr_buckets)
		return 0;
	if (!head.bloom_words || (head.bloom_words & (head.bloom_words - 1)) ||
	    head.bloom_shift > 31)
		return -ENOEXEC;
	for (n = 0; n < l->s->nr && !err; n++)
		err = find_by_gnu_hash(l, &head, n);
	return err;
}

/* === DT_HASH === */

/* The hash function of the System V ABI. */
static u32 sysv_hash(const char *name)
{
	u32 hash = 0, high;

	while (*name) {
		hash = (hash << 4) + (u8)*name++;
		high = hash & 0xf0000000;
		hash = (hash ^ (high >> 24)) & ~high;
	}
	return hash;
}

struct sysv_header {
	u32 nr_buckets;
	u32 nr_symbols;
};

/* Chains are linked by symbol numbers, so they can be cycles: hence the count of steps. */
static int find_by_sysv_hash(struct lookup *l, const struct sysv_header *head, unsigned int n)
{
	u64 chains = sizeof(*head) + head->nr_buckets * (u64)sizeof(u32);
	unsigned int step;
	u32 i;
	int ret;

	ret = read_word(l, sizeof(*head), sysv_hash(l->s->names[n]) % head->nr_buckets, &i);
	for (step = 0; step < MAX_CHAIN; step++) {
		if (ret || !i)
			return min(ret, 0);
		if (i >= head->nr_symbols)
			return -ENOEXEC;
		ret = try_symbol(l, i, n);
		if (!ret)
			ret = read_word(l, chains, i, &i);
	}
	return -ENOEXEC;
}

static int find_all_by_sysv_hash(struct lookup *l)
{
	struct sysv_header head;
	unsigned int n;
	int err;

	err = read_hash(l, 0, &head, sizeof(head));
	if (err || !head.nr_buckets)
		return err;
	for (n = 0; n < l->s->nr && !err; n++)
		err = find_by_sysv_hash(l, &head, n);
	return err;
}

/* === Both === */

static int take_tables(struct lookup *l, const struct mlu_elf_dynamic *dynamic)
{
	struct mlu_elf_search *s = l->s;
	int err;

	if (dynamic->syment && dynamic->syment != sizeof(Elf64_Sym))
		return -ENOEXEC;
	err = take_table(s->elf, dynamic->symtab, &s->symbols);
	if (!err)
		err = take_table(s->elf, dynamic->strtab, &s->strings);
	if (!err && dynamic->strsz > s->strings.len)
		err = -ENOEXEC;
	s->strings.len = dynamic->strsz;
	if (!err && dynamic->versym)
		err = take_table(s->elf, dynamic->versym, &l->versions);
	if (!err)
		err = take_table(s->elf, dynamic->gnu_hash ? dynamic->gnu_hash : dynamic->hash,
				 &l->hash);
	return err;
}

/* Without a hash table the loader finds nothing here either. */
int mlu_elf_find_dynamic(struct mlu_elf_search *s)
{
	const struct mlu_elf_dynamic *dynamic = &s->elf->dynamic;
	struct lookup l = { .s = s };
	int err;

	if (!dynamic->symtab || (!dynamic->gnu_hash && !dynamic->hash))
		return 0;
	err = take_tables(&l, dynamic);
	if (err)
		return err;
	return dynamic->gnu_hash ? find_all_by_gnu_hash(&l) : find_all_by_sysv_hash(&l);
}
