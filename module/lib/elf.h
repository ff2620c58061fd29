/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf: the bytes of an ELF image to symbols, build-id and addresses.
 *
 * Pure: it sees nothing but what a struct mlu_elf_source reads for it, keeps no state outside of
 * struct mlu_elf and knows nothing of tasks, files or probes. elf.c holds the headers and the
 * addresses, elf_build_id.c the notes, elf_unwind.c the place of the unwind data, elf_dynsym.c and
 * elf_symbols.c the look-up of symbols, elf_jump.c the targets of branches. They are built for the
 * host too, with unit tests and a fuzzer in selftests/unit.
 *
 * Context: whatever mlu_elf_source.read may be called in, which is a worker that may sleep; never
 * a probe handler. No locks: a struct mlu_elf belongs to one caller at a time.
 *
 * Every byte is hostile. Each offset and size is checked against the source's size without
 * overflow, each loop has a bound of its own, nothing recurses, and what is read is copied out
 * before it is judged, so that a file that changes meanwhile can only give wrong answers.
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
/* SHA-1 is 20 bytes, what --build-id=0x... gives may be longer. */
#define MLU_ELF_MAX_BUILD_ID 64
/* Each wanted name, without its final NUL. */
#define MLU_ELF_MAX_NAME 64
/* Names of one look-up. */
#define MLU_ELF_MAX_NAMES 128
/* The scratch buffer: at least this; a page makes for fewer reads. */
#define MLU_ELF_MIN_SCRATCH 512

/*
 * Where the bytes come from: kernel_read() in the module, memory in tests.
 *
 * @read: fills @len bytes from @off, which lie inside of @size; 0 or -errno. A short read is an
 * error. May sleep. It is called often enough to be the place to yield the processor and to give
 * up with -EINTR.
 * @size: bytes that there are.
 */
struct mlu_elf_source {
	int (*read)(const struct mlu_elf_source *src, u64 off, void *buf, size_t len);
	u64 size;
};

/* A PT_LOAD segment, as far as it lies in the file: offset + filesz and vaddr + filesz fit. */
struct mlu_elf_load {
	u64 offset;
	u64 vaddr;
	u64 filesz;
	bool exec;
};

/* A piece of the file, held in one half of the scratch buffer. */
struct mlu_elf_window {
	u8 *buf;
	size_t size;
	u64 offset;
	size_t len;
};

/* PT_DYNAMIC and what stands in it; addresses as they stand there, not yet judged. 0: not there. */
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

/* An opened image, 37 KiB: allocate it with kvmalloc(). */
struct mlu_elf {
	const struct mlu_elf_source *src;
	u16 type;	/* ET_EXEC or ET_DYN */
	bool is_static; /* no PT_INTERP and no DT_NEEDED */
	bool interp;
	struct mlu_elf_dynamic dynamic;
	unsigned int nr_loads;
	struct mlu_elf_load load[MLU_ELF_MAX_LOADS];
	u64 phoff;
	unsigned int phnum;
	u64 shoff;
	unsigned int shnum;	      /* 0: no section table that can be used */
	struct mlu_elf_window tables; /* headers, symbols, hash chains */
	struct mlu_elf_window strings;
};

/* A function that was looked for. */
struct mlu_elf_symbol {
	u64 value;  /* its address in the ELF file */
	u64 offset; /* the same as an offset in the file: where a uprobe goes */
	u64 size;   /* as the symbol says, 0: unknown */
	bool found;
};

/**
 * mlu_elf_open() - read the headers of an image
 * @elf: what to fill; remembers @src and @scratch, which must live as long
 * @src: where the bytes come from
 * @scratch: memory for this object's reads
 * @scratch_len: its size, at least MLU_ELF_MIN_SCRATCH
 *
 * Return: 0; -ENOEXEC no ELF program or shared object, or one with bad headers; -EOPNOTSUPP 32-bit
 * or another machine or byte order; or the error of @src->read.
 */
int mlu_elf_open(struct mlu_elf *elf, const struct mlu_elf_source *src, void *scratch,
		 size_t scratch_len);

/**
 * mlu_elf_build_id() - the build-id, from the PT_NOTE segments, else from the SHT_NOTE sections
 * @elf: an opened image
 * @id: where to put it
 * @max: room there, MLU_ELF_MAX_BUILD_ID is good
 *
 * Return: its length in bytes; 0 there is none; -ENOEXEC the notes lie or it is longer than @max;
 * or what the source said.
 */
int mlu_elf_build_id(struct mlu_elf *elf, u8 *id, size_t max);

/**
 * mlu_elf_has_go() - is there a Go runtime in the image?
 * @elf: an opened image
 *
 * Return: 1; 0, also for a program that was linked with -buildid= (empty); -ENOEXEC bad notes; or
 * the error of the source.
 */
int mlu_elf_has_go(struct mlu_elf *elf);

/* Where .eh_frame is: @size bytes at @offset of the file, at address @vaddr. */
struct mlu_elf_unwind {
	u64 offset;
	u64 size;
	u64 vaddr;
};

/**
 * mlu_elf_unwind() - where the unwind data is
 * @elf: an opened image
 * @unwind: what to fill; of size 0 if there is none
 *
 * Where no section table tells the size, it reaches to the end of the segment: what follows the
 * data is no entry, or a length of zero.
 *
 * Return: 0, or what the source said.
 */
int mlu_elf_unwind(struct mlu_elf *elf, struct mlu_elf_unwind *unwind);

/**
 * mlu_elf_find() - look up defined functions by name
 * @elf: an opened image
 * @names: the names, each at most MLU_ELF_MAX_NAME long
 * @nr: how many, at most MLU_ELF_MAX_NAMES
 * @sym: one for each name; all are written
 *
 * A function is of type FUNC (an IFUNC is the address of a resolver, never one of a function) and
 * begins in the file's part of an executable segment. Dynamic symbols are looked up through
 * DT_GNU_HASH, else DT_HASH, and count if other objects see them: global or weak, of default or
 * protected visibility; of several versions the default one is taken, else the first. A static
 * program that exports none of the names is looked up in its symbol table, of which at most
 * 4 million symbols are read; there, hidden and local ones count as well, the linker makes such
 * ones of glibc's malloc.
 *
 * Return: how many were found; -ENOEXEC tables that lie; or what the source said.
 */
int mlu_elf_find(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		 struct mlu_elf_symbol *sym);

/**
 * mlu_elf_find_rest() - look up in a program's symbol table what mlu_elf_find() did not find
 * @elf: an opened image; nothing is found in one that no dynamic linker is asked to start
 * @names: as for mlu_elf_find()
 * @nr: as for mlu_elf_find()
 * @sym: as mlu_elf_find() left them; what is found is added
 *
 * A program exports no more of its functions than its libraries ask for.  Global ones of its symbol
 * table count here, if it has one; at most 512 thousand symbols are read.
 *
 * Return: how many are found now; -ENOEXEC tables that lie; or what the source said.
 */
int mlu_elf_find_rest(struct mlu_elf *elf, const char *const *names, unsigned int nr,
		      struct mlu_elf_symbol *sym);

/**
 * mlu_elf_code() - the first bytes of a function that was found
 * @elf: an opened image
 * @sym: a symbol that mlu_elf_find() found
 * @buf: where to put them
 * @max: room there
 * @whole: set if the function's size is known and all of it was read
 *
 * Reads the function and nothing behind it; of one whose size is unknown as much as there is room.
 *
 * Return: how many bytes, at least 1, or what the source said.
 */
int mlu_elf_code(struct mlu_elf *elf, const struct mlu_elf_symbol *sym, u8 *buf, size_t max,
		 bool *whole);

/**
 * mlu_elf_branch() - where a branch goes, direct or through a slot that the dynamic linker fills in
 * @elf: an opened image
 * @vaddr: the instruction's address in the ELF file
 * @code: its bytes
 * @len: how many bytes there are, those of later instructions included
 * @target: the address in the ELF file of what it goes to, 0 if that is in another object
 *
 * Of a branch through a slot, or to an entry of the procedure linkage table, the target is the
 * function of this object that has the slot's name: what runs may be another object's of that name.
 *
 * Return: 1; 0 it is no such branch; or what the source said.
 */
int mlu_elf_branch(struct mlu_elf *elf, u64 vaddr, const u8 *code, size_t len, u64 *target);

/**
 * mlu_elf_jump() - where a function goes that does nothing but jump, with the same first argument
 * @elf: an opened image
 * @vaddr: the function's address in the ELF file
 * @code: its first bytes
 * @len: how many
 * @target: as for mlu_elf_branch()
 *
 * One move to the register of a later argument may stand before the jump.
 *
 * Return: 1; 0 it does something else first; or what the source said.
 */
int mlu_elf_jump(struct mlu_elf *elf, u64 vaddr, const u8 *code, size_t len, u64 *target);

/* File offset to address in the ELF file, what addr2line takes; an executable segment wins. */
bool mlu_elf_vaddr(const struct mlu_elf *elf, u64 offset, u64 *vaddr);

/* And back, of bytes that are in the file only. */
bool mlu_elf_offset(const struct mlu_elf *elf, u64 vaddr, u64 *offset);

#endif /* MLU_ELF_H */
