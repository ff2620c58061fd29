/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tiny: a small true ELF image with everything that the reader looks at, to be lied with.
 *
 * One struct is the file: each lie is an assignment to one of its members. Its address in the
 * ELF file is TINY_BIAS above the offset, so that one is never right where the other is meant.
 */
#ifndef MLU_TINY_H
#define MLU_TINY_H

#include <linux/elf.h>
#include <linux/types.h>

#define TINY_BIAS 0x10000
#define TINY_VADDR(member) (TINY_BIAS + offsetof(struct tiny, member))
#define TINY_ID_LEN 20

enum tiny_symbol {
	TINY_NULL,	   /* its text is an entry of a procedure linkage table, of free */
	TINY_MALLOC,	   /* global function */
	TINY_FREE,	   /* weak function */
	TINY_OLD_MEMALIGN, /* a version that is not the default */
	TINY_MEMALIGN,	   /* the default version, behind it */
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

struct tiny_note {
	Elf64_Nhdr head;
	char name[4];
	u8 desc[TINY_ID_LEN];
};

struct tiny_gnu_hash {
	u32 nr_buckets, first_symbol, bloom_words, bloom_shift;
	u64 bloom[1];
	u32 buckets[1];
	u32 chain[TINY_SYMBOLS - 1];
};

struct tiny_sysv_hash {
	u32 nr_buckets, nr_symbols;
	u32 buckets[1];
	u32 chain[TINY_SYMBOLS];
};

struct tiny {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[TINY_SEGMENTS];
	Elf64_Dyn dyn[TINY_DYNS];
	Elf64_Sym sym[TINY_SYMBOLS];
	struct tiny_gnu_hash gnu;
	struct tiny_sysv_hash sysv;
	u16 versym[TINY_SYMBOLS];
	struct tiny_note note;
	Elf64_Rela rela[2]; /* the last one fills the slot that TINY_NULL's text jumps through */
	u8 text[TINY_SYMBOLS * 16];
	Elf64_Shdr shdr[TINY_SECTIONS];
	char strings[160]; /* last, so that a lie about them reaches the file's end */
};

/* A shared object that exports the symbols above; both hash tables are right. */
void tiny_make(struct tiny *tiny);

/* The same as a static program: no dynamic section, all in its symbol table. */
void tiny_make_static(struct tiny *tiny);

/* The slot that free's address goes into. */
#define TINY_SLOT (TINY_VADDR(strings) + 8)

/* Where a symbol's function is. */
u64 tiny_value(enum tiny_symbol symbol);

#endif /* MLU_TINY_H */
