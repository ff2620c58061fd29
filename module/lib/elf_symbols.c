// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_symbols: look up functions of an ELF image by name.
 *
 * Dynamic symbols are found through DT_GNU_HASH, as the dynamic linker finds them, but without the
 * Bloom filter in front of it. An object that has only DT_HASH, which few linkers still write, has
 * its dynamic symbols scanned. So has the symbol table (SHT_SYMTAB) of a program. Scanning all
 * dynamic symbols instead of using DT_GNU_HASH would read megabytes of names of a large library.
 *
 * Pure, see elf.h. All counts in the tables are 32 bits wide and all sums 64, so nothing wraps;
 * each access is checked against the end of the table's segment or section.
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
/* Symbols of the other tables: an attach waits for these. */
#define MAX_SYMBOLS_OF_OTHERS (512 * 1024)
/* Entries of one hash chain: real ones have a handful. This also bounds the walk of a cycle. */
#define MAX_CHAIN 16384

#define TYPE_IFUNC 10 /* STT_GNU_IFUNC */
#define VISIBILITY_MASK 3
#define VISIBILITY_DEFAULT 0
#define VISIBILITY_PROTECTED 3
/* Set in a version index if this is not the default version of the name. */
#define VERSION_HIDDEN 0x8000

enum symbol_table {
	TABLE_DYNAMIC, /* what other objects see; a search starts with it */
	TABLE_STATIC,  /* the symbol table of a static program */
	TABLE_REST,    /* the symbol table of a dynamic program, for what is not found yet */
	TABLE_LOCAL,   /* the symbol table of any object, local symbols, too */
};

struct symbol_search {
	struct mlu_elf *elf;
	const char *const *names;
	unsigned int nr;
	struct mlu_elf_symbol *sym;
	unsigned int found;
	size_t longest; /* of the names, without the NUL */
	enum symbol_table table;
	u64 resolver; /* if it is not 0, only IFUNCs with this value are found */
	struct mlu_elf_table symbols;
	struct mlu_elf_table strings;
	struct mlu_elf_table versions; /* empty: unversioned */
	struct mlu_elf_table hash;
	bool settled[MLU_ELF_MAX_NAMES];  /* no later symbol is a better match */
	u16 name_hash[MLU_ELF_MAX_NAMES]; /* of the names: tables have many symbols */
};

static bool is_global(const Elf64_Sym *symbol)
{
	u8 bind = symbol->st_info >> 4;

	return bind == STB_GLOBAL || bind == STB_WEAK;
}

static bool is_candidate(const struct symbol_search *s, const Elf64_Sym *symbol)
{
	u8 visibility = symbol->st_other & VISIBILITY_MASK;

	if (s->resolver)
		return (symbol->st_info & 15) == TYPE_IFUNC && symbol->st_value == s->resolver;
	if (!mlu_elf_is_function(symbol))
		return false;
	switch (s->table) {
	case TABLE_DYNAMIC:
		return is_global(symbol) &&
		       (visibility == VISIBILITY_DEFAULT || visibility == VISIBILITY_PROTECTED);
	case TABLE_STATIC:
	case TABLE_LOCAL:
		return is_global(symbol) || symbol->st_info >> 4 == STB_LOCAL;
	default:
		return is_global(symbol);
	}
}

/* False if the address is in no executable part of the file: such a symbol is ignored. */
static bool take_symbol(struct symbol_search *s, unsigned int n, const Elf64_Sym *symbol)
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

/*
 * Of several versions of a dynamic symbol the default one is taken, else the first.
 *
 * A static program's malloc may be hidden, which static glibc's is, and the linker of a static PIE
 * makes a local symbol of a hidden one. These follow the symbols that are static in their own
 * source file, so the last local one is taken, and a global one in preference to any.
 */
static int take_match(struct symbol_search *s, u64 i, unsigned int n, const Elf64_Sym *symbol)
{
	u16 version = 0;
	bool taken;
	int err;

	if (s->table == TABLE_DYNAMIC && s->versions.len) {
		err = mlu_elf_entry(s->elf, &s->versions, i * sizeof(version), &version,
				    sizeof(version));
		if (err)
			return err;
	}
	if (version & VERSION_HIDDEN && s->sym[n].found)
		return 0;
	taken = take_symbol(s, n, symbol);
	if (is_global(symbol) && !(version & VERSION_HIDDEN))
		s->settled[n] = taken;
	return 0;
}

/* The hash of DT_GNU_HASH. */
static u32 gnu_hash(const char *name)
{
	u32 hash = 5381;

	while (*name)
		hash = hash * 33 + (u8)*name++;
	return hash;
}

/* Compare symbol @i with all names. */
static int try_symbol(struct symbol_search *s, u64 i)
{
	const char *string;
	Elf64_Sym symbol;
	unsigned int n;
	size_t len;
	u16 hash;
	int err;

	err = mlu_elf_entry(s->elf, &s->symbols, i * sizeof(symbol), &symbol, sizeof(symbol));
	if (err || !is_candidate(s, &symbol))
		return err;
	if (symbol.st_name >= s->strings.len)
		return -ENOEXEC;
	/* No more is read than could match; the string is valid until the next one is read. */
	len = min_t(u64, s->longest + 1, s->strings.len - symbol.st_name);
	string = mlu_elf_bytes(s->elf, &s->elf->strings, s->strings.offset + symbol.st_name, len);
	if (IS_ERR(string))
		return PTR_ERR(string);
	if (!memchr(string, 0, len))
		return 0;
	hash = gnu_hash(string);
	for (n = 0; n < s->nr && !err; n++)
		if (s->name_hash[n] == hash && !s->settled[n] && !strcmp(string, s->names[n]))
			err = take_match(s, i, n, &symbol);
	return err;
}

static int scan_symbols(struct symbol_search *s, u64 nr)
{
	u64 i;
	int err = 0;

	nr = min_t(u64, nr, s->table == TABLE_STATIC ? MAX_SYMBOLS : MAX_SYMBOLS_OF_OTHERS);
	for (i = 0; i < nr && !err; i++)
		err = try_symbol(s, i);
	return err;
}

/* === Dynamic symbols === */

/* DT_GNU_HASH: counts, a Bloom filter of 64-bit words, buckets and chains of 32-bit words. */
struct gnu_header {
	u32 nr_buckets;
	u32 first_symbol;
	u32 bloom_words;
	u32 bloom_shift;
};

static int read_word(struct symbol_search *s, u64 at, u64 i, u32 *word)
{
	return mlu_elf_entry(s->elf, &s->hash, at + i * sizeof(*word), word, sizeof(*word));
}

/* A chain word is its symbol's hash, but for the lowest bit, which marks the last symbol. */
static int find_by_gnu_hash(struct symbol_search *s, const struct gnu_header *head, unsigned int n)
{
	u64 buckets = sizeof(*head) + head->bloom_words * (u64)sizeof(u64);
	u64 chains = buckets + head->nr_buckets * (u64)sizeof(u32);
	u32 hash = gnu_hash(s->names[n]), first, word;
	unsigned int step;
	int err;

	err = read_word(s, buckets, hash % head->nr_buckets, &first);
	if (err || !first)
		return err;
	if (first < head->first_symbol)
		return -ENOEXEC;
	for (step = 0; step < MAX_CHAIN; step++) {
		err = read_word(s, chains, (u64)first - head->first_symbol + step, &word);
		if (!err && (word | 1) == (hash | 1))
			err = try_symbol(s, (u64)first + step);
		if (err || (word & 1) || s->settled[n])
			return err;
	}
	return -ENOEXEC;
}

static int find_all_by_gnu_hash(struct symbol_search *s)
{
	struct gnu_header head;
	unsigned int n;
	int err;

	err = mlu_elf_entry(s->elf, &s->hash, 0, &head, sizeof(head));
	if (err || !head.nr_buckets)
		return err;
	/* The dynamic linker could not use such a Bloom filter. */
	if (!head.bloom_words || (head.bloom_words & (head.bloom_words - 1)) ||
	    head.bloom_shift > 31)
		return -ENOEXEC;
	for (n = 0; n < s->nr && !err; n++)
		err = find_by_gnu_hash(s, &head, n);
	return err;
}

/* Without a hash table the dynamic linker finds nothing here either. */
static int find_dynamic(struct symbol_search *s)
{
	const struct mlu_elf_dynamic *dynamic = &s->elf->dynamic;
	u64 hash = dynamic->gnu_hash ? dynamic->gnu_hash : dynamic->hash;
	/* DT_HASH: two counts, then a bucket or chain word for each; all are 32 bits wide. */
	struct {
		u32 nr_buckets;
		u32 nr_symbols;
	} head;
	int err;

	if (!dynamic->symtab || !hash)
		return 0;
	if (dynamic->syment && dynamic->syment != sizeof(Elf64_Sym))
		return -ENOEXEC;
	if (!mlu_elf_table_at(s->elf, dynamic->symtab, &s->symbols) ||
	    !mlu_elf_table_at(s->elf, dynamic->strtab, &s->strings) ||
	    !mlu_elf_table_at(s->elf, hash, &s->hash) ||
	    (dynamic->versym && !mlu_elf_table_at(s->elf, dynamic->versym, &s->versions)) ||
	    dynamic->strsz > s->strings.len)
		return -ENOEXEC;
	s->strings.len = dynamic->strsz;
	if (dynamic->gnu_hash)
		return find_all_by_gnu_hash(s);
	err = mlu_elf_entry(s->elf, &s->hash, 0, &head, sizeof(head));
	if (err || !head.nr_buckets)
		return err;
	if (((u64)head.nr_buckets + head.nr_symbols) * sizeof(u32) > s->hash.len - sizeof(head))
		return -ENOEXEC;
	return scan_symbols(s, head.nr_symbols);
}

/* === The symbol table === */

static int take_section(struct mlu_elf *elf, const Elf64_Shdr *shdr, struct mlu_elf_table *table)
{
	table->offset = shdr->sh_offset;
	table->len = shdr->sh_size;
	return mlu_elf_in_file(elf, table->offset, table->len) ? 0 : -ENOEXEC;
}

/* Nothing is found if the program is stripped. */
static int find_in_symtab(struct symbol_search *s)
{
	Elf64_Shdr symtab = {}, strtab;
	unsigned int i;
	int err;

	for (i = 0; i < s->elf->shnum && symtab.sh_type != SHT_SYMTAB; i++) {
		err = mlu_elf_section(s->elf, i, &symtab);
		if (err)
			return err;
	}
	if (symtab.sh_type != SHT_SYMTAB)
		return 0;
	if (symtab.sh_entsize != sizeof(Elf64_Sym))
		return -ENOEXEC;
	err = take_section(s->elf, &symtab, &s->symbols);
	if (!err)
		err = mlu_elf_section(s->elf, symtab.sh_link, &strtab);
	if (!err)
		err = take_section(s->elf, &strtab, &s->strings);
	return err ? err : scan_symbols(s, s->symbols.len / sizeof(Elf64_Sym));
}

static int start_search(struct symbol_search *s)
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
		s->name_hash[n] = gnu_hash(s->names[n]);
	}
	return 0;
}

static int find_symbols(struct mlu_elf *elf, const char *const *names, unsigned int nr,
			u64 resolver, struct mlu_elf_symbol *sym)
{
	struct symbol_search s = { elf, names, nr, sym, .resolver = resolver };
	int err = start_search(&s);

	if (err)
		return err;
	memset(sym, 0, nr * sizeof(*sym));
	err = find_dynamic(&s);
	if (!err && !s.found && elf->is_static) {
		s.table = TABLE_STATIC;
		err = find_in_symtab(&s);
	}
	return err ? err : (int)s.found;
}

/**
 * mlu_elf_find() - look up defined functions by name
 * @elf: an opened image
 * @names: the names, each at most MLU_ELF_MAX_NAME long
 * @nr: how many, at most MLU_ELF_MAX_NAMES
 * @sym: one for each name; all are written
 *
 * A function is of type FUNC and starts in the file's part of an executable segment. Dynamic
 * symbols count if other objects see them: global or weak, of default or protected visibility; of
 * several versions the default one is taken, else the first. In a static program that exports none
 * of the names, the symbol table is searched, of which at most 4 million symbols are read; hidden
 * and local symbols count there as well.
 *
 * Return: how many were found; -ENOEXEC if tables are malformed; or the error of the source.
 */
int mlu_elf_find(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		 struct mlu_elf_symbol *sym)
{
	return find_symbols(elf, names, nr, 0, sym);
}

/* Search the symbol table, if @is_wanted, for what is not found yet. */
static int find_more(struct symbol_search *s, bool is_wanted)
{
	unsigned int n;
	int err = start_search(s);

	if (err)
		return err;
	for (n = 0; n < s->nr; n++) {
		s->settled[n] = s->sym[n].found;
		s->found += s->sym[n].found;
	}
	if (is_wanted && s->found < s->nr)
		err = find_in_symtab(s);
	return err ? err : (int)s->found;
}

/**
 * mlu_elf_find_rest() - look up in a program's symbol table what mlu_elf_find() did not find
 * @elf: an opened image; nothing is found unless it names a dynamic linker
 * @names: as for mlu_elf_find()
 * @nr: as for mlu_elf_find()
 * @sym: the results of mlu_elf_find(); symbols that are found now are added
 *
 * A program exports only those of its functions that its libraries refer to. Global and weak
 * symbols of its symbol table count here, if it has one; at most 512 thousand symbols are read.
 *
 * Return: how many are found now; -ENOEXEC if tables are malformed; or the error of the source.
 */
int mlu_elf_find_rest(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		      struct mlu_elf_symbol *sym)
{
	struct symbol_search s = {
		.elf = elf, .names = names, .nr = nr, .sym = sym, .table = TABLE_REST
	};

	return find_more(&s, elf->interp);
}

/**
 * mlu_elf_find_local() - look up in an object's symbol table what mlu_elf_find() did not find
 * @elf: an opened image
 * @names: as for mlu_elf_find()
 * @nr: as for mlu_elf_find()
 * @sym: the results of mlu_elf_find(); symbols that are found now are added
 *
 * Of several symbols with a name a global or weak one is taken, else the last one. At most 512
 * thousand symbols are read.
 *
 * Return: how many are found now; -ENOEXEC if tables are malformed; or the error of the source.
 */
int mlu_elf_find_local(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		       struct mlu_elf_symbol *sym)
{
	struct symbol_search s = {
		.elf = elf, .names = names, .nr = nr, .sym = sym, .table = TABLE_LOCAL
	};

	return find_more(&s, true);
}

/**
 * mlu_elf_is_ifunc() - is a function the resolver of one of some IFUNCs
 * @elf: an opened image
 * @names: the names of the IFUNCs, as for mlu_elf_find(), at most 8
 * @nr: how many
 * @resolver: its address in the ELF file
 *
 * Return: 1 if it is, 0 if not; -ENOEXEC if tables are malformed; or the error of the source.
 */
int mlu_elf_is_ifunc(struct mlu_elf *elf, const char *const *names, unsigned int nr, u64 resolver)
{
	struct mlu_elf_symbol sym[8];

	if (nr > ARRAY_SIZE(sym))
		return -EINVAL;
	return min(find_symbols(elf, names, nr, resolver, sym), 1);
}
