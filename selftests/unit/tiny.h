/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tiny: a small valid ELF image with everything that the reader reads, for tests to damage.
 *
 * One struct is the file: a test makes a malformed image by assigning to a member. Addresses are
 * TINY_BIAS above file offsets, so that a confusion of the two is detected.
 */
#ifndef MLU_TINY_H
#define MLU_TINY_H

#include <linux/elf.h>
#include <linux/types.h>

#define TINY_BIAS 0x10000
#define TINY_VADDR(member) (TINY_BIAS + offsetof(struct tiny, member))
#define TINY_ID_LEN 20

enum tiny_symbol {
	TINY_NULL,	   /* its text is the linkage table's entry for free */
	TINY_MALLOC,	   /* global function */
	TINY_FREE,	   /* weak function */
	TINY_OLD_MEMALIGN, /* a version that is not the default */
	TINY_MEMALIGN,	   /* the default version of the same name */
	TINY_OLD_CFREE,	   /* the only version, not the default */
	TINY_CALLOC,	   /* an IFUNC */
	TINY_REALLOC,	   /* undefined */
	TINY_VALLOC,	   /* hidden */
	TINY_PVALLOC,	   /* GNU_UNIQUE; jumps to the linkage table */
	TINY_MMAP,	   /* an object */
	TINY_MUNMAP,	   /* protected function; jumps to malloc */
	TINY_SYMBOLS
};

enum tiny_dyn {
	TINY_DT_NEEDED,
	TINY_DT_SYMTAB,
	TINY_DT_SYMENT,
	TINY_DT_STRTAB,
	TINY_DT_STRSZ,
	TINY_DT_GNU_HASH,
	TINY_DT_HASH,
	TINY_DT_VERSYM,
	TINY_DT_JMPREL,
	TINY_DT_PLTRELSZ,
	TINY_DT_NULL,
	TINY_DYNS
};

enum tiny_segment { TINY_LOAD, TINY_DATA, TINY_DYNAMIC, TINY_NOTE, TINY_SEGMENTS };
enum tiny_section { TINY_SH_NULL, TINY_SYMTAB, TINY_STRTAB, TINY_SH_NOTE, TINY_SECTIONS };

/**
 * struct tiny_note - the build-id's note
 * @head: its header
 * @name: "GNU"
 * @desc: the build-id
 */
struct tiny_note {
	Elf64_Nhdr head;
	char name[4];
	u8 desc[TINY_ID_LEN];
};

/**
 * struct tiny_gnu_hash - the contents of DT_GNU_HASH
 * @nr_buckets: 1
 * @first_symbol: index of the first symbol in the table
 * @bloom_words: 1
 * @bloom_shift: shift of the second hash
 * @bloom: the Bloom filter
 * @buckets: the first symbol of each chain
 * @chain: hash of each symbol, with bit 0 set in the last one
 */
struct tiny_gnu_hash {
	u32 nr_buckets, first_symbol, bloom_words, bloom_shift;
	u64 bloom[1];
	u32 buckets[1];
	u32 chain[TINY_SYMBOLS - 1];
};

/**
 * struct tiny_sysv_hash - the contents of DT_HASH
 * @nr_buckets: 1
 * @nr_symbols: length of @chain
 * @buckets: the first symbol of each chain
 * @chain: the next symbol of each symbol, 0 for the last one
 */
struct tiny_sysv_hash {
	u32 nr_buckets, nr_symbols;
	u32 buckets[1];
	u32 chain[TINY_SYMBOLS];
};

/**
 * struct tiny - the file
 * @ehdr: ELF header
 * @phdr: program headers
 * @dyn: the dynamic section
 * @sym: the symbols, for the dynamic section and for the section table
 * @gnu: the GNU hash table
 * @sysv: the System V hash table
 * @versym: version of each symbol
 * @note: the build-id's note
 * @rela: relocations of the linkage table; the last one is for the slot through which the text of
 *	TINY_NULL jumps
 * @text: the code, 16 bytes for each symbol
 * @shdr: section headers
 * @strings: the string table, last in the file, so that a string that is too long passes its end
 */
struct tiny {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[TINY_SEGMENTS];
	Elf64_Dyn dyn[TINY_DYNS];
	Elf64_Sym sym[TINY_SYMBOLS];
	struct tiny_gnu_hash gnu;
	struct tiny_sysv_hash sysv;
	u16 versym[TINY_SYMBOLS];
	struct tiny_note note;
	Elf64_Rela rela[2];
	u8 text[TINY_SYMBOLS * 16];
	Elf64_Shdr shdr[TINY_SECTIONS];
	char strings[160];
};

/* Address of the linkage table's slot for free. */
#define TINY_SLOT (TINY_VADDR(strings) + 8)

void tiny_make(struct tiny *tiny);
void tiny_make_static(struct tiny *tiny);
u64 tiny_value(enum tiny_symbol symbol);

#endif /* MLU_TINY_H */
