// SPDX-License-Identifier: GPL-2.0-only
/* exits_image: an ELF image of which a test provides the code, see exits_image.h. */
#include "exits_image.h"

#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define MAX_PARTS 64
#define NAMES_SIZE 96

enum symbol { NO_SYMBOL, MEMSET, OTHER, EXPORTED, PROTECTED, MEMCPY, MEMMOVE_CHK, SYMBOLS };
enum segment { LOAD, DYNAMIC, HEADER, SEGMENTS };

struct header {
	u8 version, pointer, count, table;
	s32 eh_frame;
	u32 nr;
	struct {
		s32 start, fde;
	} entries[MAX_PARTS];
};

/* A table of exception handlers with one call site. */
struct handlers {
	u8 base, types, encoding, len;
	u8 start, sites, handler[2], action;
};

/* The file: the slots are at address 0x1800, the unwind data at ASM_ADDR, the code at ASM_CODE. */
struct contents {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[SEGMENTS];
	Elf64_Dyn dyn[10];
	Elf64_Sym sym[SYMBOLS];
	u32 hash[2 + 1 + SYMBOLS];
	Elf64_Rela rela[EXITS_SLOTS];
	char names[NAMES_SIZE];
	struct header header;
	u8 slots[EXITS_HANDLERS - 0x800] __attribute__((aligned(0x800)));
	struct handlers handlers[MAX_PARTS];
	u8 eh_frame[ASM_CODE - ASM_ADDR] __attribute__((aligned(0x1000)));
	u8 code[EXITS_LINKAGE + 16 * EXITS_SLOTS];
};

#define ADDRESS(member) (EXITS_BIAS + offsetof(struct contents, member))

_Static_assert(ADDRESS(eh_frame) == ASM_ADDR, "the address of the unwind data");
_Static_assert(ADDRESS(code) == ASM_CODE, "the address of the code");
_Static_assert(offsetof(struct contents, handlers) == EXITS_HANDLERS,
	       "the first table of handlers");

static void make_segment(Elf64_Phdr *phdr, u32 type, u64 addr, u64 size)
{
	*phdr = (Elf64_Phdr){ .p_type = type,
			      .p_flags = PF_R | PF_X,
			      .p_offset = addr - EXITS_BIAS,
			      .p_vaddr = addr,
			      .p_filesz = size,
			      .p_memsz = size };
}

static void make_headers(struct contents *c)
{
	memcpy(c->ehdr.e_ident, ELFMAG, SELFMAG);
	c->ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	c->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	c->ehdr.e_type = ET_DYN;
	c->ehdr.e_machine = EM_X86_64;
	c->ehdr.e_phoff = offsetof(struct contents, phdr);
	c->ehdr.e_phentsize = sizeof(Elf64_Phdr);
	c->ehdr.e_phnum = SEGMENTS;
	make_segment(&c->phdr[LOAD], PT_LOAD, EXITS_BIAS, sizeof(*c));
	make_segment(&c->phdr[DYNAMIC], PT_DYNAMIC, ADDRESS(dyn), sizeof(c->dyn));
	make_segment(&c->phdr[HEADER], PT_GNU_EH_FRAME, ADDRESS(header), sizeof(c->header));
}

static void make_dynamic(struct contents *c)
{
	const Elf64_Dyn dyn[] = {
		{ DT_NEEDED, { 1 } },
		{ DT_SYMTAB, { ADDRESS(sym) } },
		{ DT_STRTAB, { ADDRESS(names) } },
		{ DT_STRSZ, { sizeof(c->names) } },
		{ DT_HASH, { ADDRESS(hash) } },
		{ DT_JMPREL, { ADDRESS(rela) } },
		{ DT_PLTRELSZ, { sizeof(c->rela) } },
	};

	_Static_assert(sizeof(dyn) < sizeof(c->dyn), "the last one is DT_NULL");
	memcpy(c->dyn, dyn, sizeof(dyn));
	c->hash[0] = 1;
	c->hash[1] = SYMBOLS;
}

/* === Symbols and slots === */

static void make_symbols(struct contents *c)
{
	static const struct {
		const char *name;
		u8 type, visibility;
		u32 offset; /* 0: undefined */
	} symbols[SYMBOLS] = {
		[NO_SYMBOL] = { "", 0, 0, 0 },
		[MEMSET] = { "memset", STT_FUNC, STV_DEFAULT, 0 },
		[OTHER] = { "memsetx", STT_FUNC, STV_DEFAULT, 0 },
		[EXPORTED] = { "exported", STT_FUNC, STV_DEFAULT, EXITS_LOCAL },
		[PROTECTED] = { "guarded", STT_FUNC, STV_PROTECTED, EXITS_LOCAL },
		[MEMCPY] = { "memcpy", STT_GNU_IFUNC, STV_DEFAULT, EXITS_RESOLVER },
		[MEMMOVE_CHK] = { "__memmove_chk", STT_FUNC, STV_DEFAULT, 0 },
	};
	u32 i, at = 1;

	for (i = 1; i < SYMBOLS; i++) {
		c->sym[i].st_name = at;
		c->sym[i].st_info = ELF64_ST_INFO(STB_GLOBAL, symbols[i].type);
		c->sym[i].st_other = symbols[i].visibility;
		c->sym[i].st_shndx = symbols[i].offset ? 1 : SHN_UNDEF;
		c->sym[i].st_value = symbols[i].offset ? ASM_CODE + symbols[i].offset : 0;
		at += strlen(strcpy(c->names + at, symbols[i].name)) + 1;
	}
}

static void make_slots(struct contents *c)
{
	static const struct {
		u32 symbol, type;
		u32 addend;
	} slots[EXITS_SLOTS] = {
		[EXITS_MEMSET] = { MEMSET, R_X86_64_JUMP_SLOT, 0 },
		[EXITS_OTHER] = { OTHER, R_X86_64_JUMP_SLOT, 0 },
		[EXITS_EXPORTED] = { EXPORTED, R_X86_64_JUMP_SLOT, 0 },
		[EXITS_PROTECTED] = { PROTECTED, R_X86_64_GLOB_DAT, 0 },
		[EXITS_IFUNC] = { 0, R_X86_64_IRELATIVE, ASM_CODE + EXITS_RESOLVER },
		[EXITS_NO_NAME] = { 0, R_X86_64_IRELATIVE, ASM_CODE + EXITS_NAMELESS },
		[EXITS_VARIABLE] = { 0, R_X86_64_RELATIVE, ASM_CODE + EXITS_LOCAL },
		[EXITS_NO_RELOC] = { 0, R_X86_64_NONE, 0 },
		[EXITS_MEMMOVE_CHK] = { MEMMOVE_CHK, R_X86_64_GLOB_DAT, 0 },
	};
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	u32 i;

	for (i = 0; i < EXITS_SLOTS; i++) {
		u8 *entry = c->code + EXITS_ENTRY(i);
		s32 at = EXITS_ENTRY(i) + (i % 2 ? sizeof(endbr64) : 0);

		c->rela[i] = (Elf64_Rela){ .r_offset = ASM_CODE + EXITS_SLOT(i),
					   .r_info = ELF64_R_INFO(slots[i].symbol, slots[i].type),
					   .r_addend = slots[i].addend };
		if (i % 2)
			memcpy(entry, endbr64, sizeof(endbr64));
		memcpy(c->code + at, (const u8[]){ JMP_SLOT(at, i) }, 6);
	}
}

/* === Unwind data === */

static void make_cie(struct asm_section *section)
{
	asm_cie_like(section, 1, "zRL", (const u8[]){ 0x1b, 0x1b }, 2);
	ASM(section, 0x0c, 7, 8, 0x90, 1);
	asm_end(section);
}

/* The augmentation data is the distance to the table of handlers, or 0. */
static void make_fde(struct asm_section *section, struct contents *c, unsigned int i,
		     const struct exits_part *part)
{
	s64 distance;

	asm_fde(section, ASM_CODE + part->start, part->len);
	section->len--;
	distance = part->handler ? ADDRESS(handlers[i]) - (ASM_ADDR + section->len + 1) : 0;
	ASM(section, 4, REL32(distance));
	asm_end(section);
	c->handlers[i] = (struct handlers){ .base = 0xff,
					    .types = 0xff,
					    .encoding = 0x01,
					    .len = 5,
					    .sites = 16,
					    .handler = { part->handler | 0x80,
							 part->handler >> 7 } };
}

static void make_unwind(struct contents *c, const struct exits_part *parts, unsigned int nr,
			enum exits_table how)
{
	static struct asm_section section;
	unsigned int i;

	memset(&section, 0, sizeof(section));
	make_cie(&section);
	c->header.version = how == EXITS_NO_UNWIND ? 0 : 1;
	c->header.pointer = 0x1b;
	c->header.count = 0x03;
	c->header.table = how == EXITS_SORTED ? 0x3b : 0xff;
	c->header.eh_frame = ASM_ADDR - (ADDRESS(header) + 4);
	c->header.nr = nr;
	for (i = 0; i < nr && i < MAX_PARTS; i++) {
		c->header.entries[i].start = ASM_CODE + parts[i].start - ADDRESS(header);
		c->header.entries[i].fde = ASM_ADDR + section.len - ADDRESS(header);
		make_fde(&section, c, i, &parts[i]);
	}
	memcpy(c->eh_frame, section.bytes, sizeof(c->eh_frame));
}

/**
 * exits_image_make() - make an image
 * @image: is initialized
 * @code: the code from ASM_CODE on
 * @len: its length, at most EXITS_MAX_CODE
 * @parts: what the unwind entries cover, by start
 * @nr: how many
 * @how: how they can be found
 */
void exits_image_make(struct image *image, const u8 *code, size_t len,
		      const struct exits_part *parts, unsigned int nr, enum exits_table how)
{
	static struct contents contents;

	memset(&contents, 0, sizeof(contents));
	make_headers(&contents);
	make_dynamic(&contents);
	make_symbols(&contents);
	make_slots(&contents);
	make_unwind(&contents, parts, nr, how);
	memcpy(contents.code, code, min_t(size_t, len, EXITS_MAX_CODE));
	image_copy(image, &contents, sizeof(contents));
}
