/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf: read symbols, build-id, unwind data and branches of an ELF image.
 *
 * Pure: the only input is what a struct mlu_elf_source reads, the only state is in struct mlu_elf,
 * and nothing depends on tasks, files or probes. elf_bytes.c does all reads, elf.c parses the
 * headers, elf_build_id.c the notes, elf_unwind.c locates the unwind data, elf_fde.c finds an entry
 * of it, elf_handlers.c reads tables of exception handlers, elf_symbols.c looks up symbols,
 * elf_imports.c undefined ones, elf_slot_x86.c slots of the global offset table, elf_jump_x86.c
 * follows branches. They are built for the host too, with unit tests and fuzzers in selftests/unit.
 *
 * Context: whatever mlu_elf_source.read may be called in, which is a worker that may sleep; never
 * a probe handler. No locks: a struct mlu_elf belongs to one caller at a time.
 *
 * Every byte is hostile. Each offset and size is checked against the source's size without
 * overflow, each loop has its own bound, nothing recurses, and data is copied out before it is
 * checked, so that a file that changes meanwhile can only give wrong results.
 */
#ifndef MLU_ELF_H
#define MLU_ELF_H

#include <linux/elf.h>
#include <linux/types.h>

/*
 * As many as the program headers of a file that Linux runs can hold (64 KiB of them). Compilers
 * emit 2 to 6; linker scripts and post-link optimizers dozens.
 */
#define MLU_ELF_MAX_LOADS (65536 / sizeof(Elf64_Phdr))
/* SHA-1 is 20 bytes, what --build-id=0x... sets may be longer. */
#define MLU_ELF_MAX_BUILD_ID 64
/* Length of a wanted name, without its final NUL. */
#define MLU_ELF_MAX_NAME 64
/* Names of one look-up. */
#define MLU_ELF_MAX_NAMES 256
/* Smallest scratch buffer; a page needs fewer reads. */
#define MLU_ELF_MIN_SCRATCH 512

/**
 * struct mlu_elf_source - where the bytes come from: kernel_read() in the module, memory in tests
 * @read: fills @len bytes from @off, which are inside of @size; returns 0 or -errno. A short read
 *	is an error. May sleep. It is called often enough to be the place to yield the processor and
 *	to give up with -EINTR.
 * @size: how many bytes there are
 */
struct mlu_elf_source {
	int (*read)(const struct mlu_elf_source *src, u64 off, void *buf, size_t len);
	u64 size;
};

/**
 * struct mlu_elf_load - the file's part of a PT_LOAD segment
 * @offset: its file offset; offset + filesz does not overflow
 * @vaddr: its address in the ELF file; vaddr + filesz does not overflow
 * @filesz: its length
 * @exec: it is executable
 */
struct mlu_elf_load {
	u64 offset;
	u64 vaddr;
	u64 filesz;
	bool exec;
};

/**
 * struct mlu_elf_window - a piece of the file, held in one half of the scratch buffer
 * @buf: the half
 * @size: its size
 * @offset: file offset of the piece
 * @len: length of the piece
 */
struct mlu_elf_window {
	u8 *buf;
	size_t size;
	u64 offset;
	size_t len;
};

/**
 * struct mlu_elf_dynamic - PT_DYNAMIC and its entries; 0 if absent. Addresses are not checked yet.
 * @vaddr: address of the dynamic section
 * @size: its size
 * @symtab: DT_SYMTAB
 * @syment: DT_SYMENT
 * @strtab: DT_STRTAB
 * @strsz: DT_STRSZ
 * @gnu_hash: DT_GNU_HASH
 * @hash: DT_HASH
 * @versym: DT_VERSYM
 * @jmprel: DT_JMPREL
 * @pltrelsz: DT_PLTRELSZ
 * @rela: DT_RELA
 * @relasz: DT_RELASZ
 * @needed: there is a DT_NEEDED
 */
struct mlu_elf_dynamic {
	u64 vaddr;
	u64 size;
	u64 symtab;
	u64 syment;
	u64 strtab;
	u64 strsz;
	u64 gnu_hash;
	u64 hash;
	u64 versym;
	u64 jmprel;
	u64 pltrelsz;
	u64 rela;
	u64 relasz;
	bool needed;
};

/**
 * struct mlu_elf - an opened image, 37 KiB: allocate it with kvmalloc()
 * @src: where the bytes come from
 * @is_static: neither PT_INTERP nor DT_NEEDED
 * @interp: there is a PT_INTERP
 * @dynamic: the dynamic section
 * @nr_loads: how many segments
 * @load: the segments
 * @phoff: file offset of the program headers
 * @phnum: how many program headers
 * @shoff: file offset of the section table
 * @shnum: how many sections; 0 if there is no usable section table
 * @tables: window for headers, symbols and hash chains
 * @strings: window for strings
 */
struct mlu_elf {
	const struct mlu_elf_source *src;
	bool is_static;
	bool interp;
	struct mlu_elf_dynamic dynamic;
	unsigned int nr_loads;
	struct mlu_elf_load load[MLU_ELF_MAX_LOADS];
	u64 phoff;
	unsigned int phnum;
	u64 shoff;
	unsigned int shnum;
	struct mlu_elf_window tables;
	struct mlu_elf_window strings;
};

/**
 * struct mlu_elf_symbol - result of the look-up of a function
 * @value: its address in the ELF file
 * @offset: its file offset, where a uprobe is registered
 * @size: its size according to the symbol, 0 if unknown
 * @found: it was found; otherwise the other members are undefined
 */
struct mlu_elf_symbol {
	u64 value;
	u64 offset;
	u64 size;
	bool found;
};

/**
 * struct mlu_elf_unwind - location of .eh_frame
 * @offset: its file offset
 * @size: its size, 0 if it does not exist
 * @vaddr: its address in the ELF file
 */
struct mlu_elf_unwind {
	u64 offset;
	u64 size;
	u64 vaddr;
};

/**
 * struct mlu_elf_slot - what the dynamic linker writes to a slot of the global offset table
 * @function: address of the function of this object that has the slot's name, else 0
 * @resolver: address of the function that computes the value (IFUNC), 0 if the slot has a name
 * @name: position of the name among those of the dynamic symbols, 0 if it has no name
 * @interposable: @function is not 0, but another object's function of the name may be preferred
 */
struct mlu_elf_slot {
	u64 function;
	u64 resolver;
	u32 name;
	bool interposable;
};

/**
 * struct mlu_elf_fde - an entry of the unwind data
 * @start: the first address that it covers
 * @end: the address behind the last one
 * @has_handlers: it refers to a table of exception handlers
 * @handlers: address of the table, 0 if that is unknown
 */
struct mlu_elf_fde {
	u64 start;
	u64 end;
	bool has_handlers;
	u64 handlers;
};

/**
 * struct mlu_elf_handlers - a table of exception handlers that is being read
 * @vaddr: address of the next entry
 * @left: bytes of this and later entries
 * @base: address that handlers are relative to
 * @encoding: of its numbers
 */
struct mlu_elf_handlers {
	u64 vaddr;
	u64 left;
	u64 base;
	u8 encoding;
};

int mlu_elf_open(struct mlu_elf *elf, const struct mlu_elf_source *src, void *scratch,
		 size_t scratch_len);
int mlu_elf_build_id(struct mlu_elf *elf, u8 *id, size_t max);
int mlu_elf_has_go(struct mlu_elf *elf);
int mlu_elf_unwind(struct mlu_elf *elf, struct mlu_elf_unwind *unwind);
int mlu_elf_find(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		 struct mlu_elf_symbol *sym);
int mlu_elf_find_local(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		       struct mlu_elf_symbol *sym);
int mlu_elf_find_rest(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		      struct mlu_elf_symbol *sym);
int mlu_elf_is_ifunc(struct mlu_elf *elf, const char *const *names, unsigned int nr, u64 resolver);
int mlu_elf_imports(struct mlu_elf *elf, const char *const *names, unsigned int nr);
int mlu_elf_code(struct mlu_elf *elf, const struct mlu_elf_symbol *sym, u8 *buf, size_t max,
		 bool *whole);
int mlu_elf_branch(struct mlu_elf *elf, u64 vaddr, const u8 *code, size_t len, u64 *target);
int mlu_elf_jump(struct mlu_elf *elf, u64 vaddr, const u8 *code, size_t len, u64 *target);
int mlu_elf_slot(struct mlu_elf *elf, u64 slot, struct mlu_elf_slot *result);
int mlu_elf_slot_is(struct mlu_elf *elf, const struct mlu_elf_slot *slot, const char *const *names,
		    unsigned int nr);
int mlu_elf_fde(struct mlu_elf *elf, const struct mlu_elf_unwind *unwind, u64 vaddr,
		struct mlu_elf_fde *fde);
int mlu_elf_handlers(struct mlu_elf *elf, const struct mlu_elf_fde *fde,
		     struct mlu_elf_handlers *handlers);
int mlu_elf_next_handler(struct mlu_elf *elf, struct mlu_elf_handlers *handlers, u64 *vaddr);
bool mlu_elf_vaddr(const struct mlu_elf_load *load, unsigned int nr, u64 offset, bool exec,
		   u64 *vaddr);

#endif /* MLU_ELF_H */
