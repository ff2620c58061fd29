// SPDX-License-Identifier: GPL-2.0-only
/* tiny: a small valid ELF image with everything that the reader reads, see tiny.h. */
#include "tiny.h"

#include <string.h>

static const struct {
	const char *name;
	u8 bind, type, visibility;
	u16 section, version;
} symbols[TINY_SYMBOLS] = {
	[TINY_NULL] = { "", 0, 0, 0, 0, 0 },
	[TINY_MALLOC] = { "malloc", STB_GLOBAL, STT_FUNC, STV_DEFAULT, 1, 2 },
	[TINY_FREE] = { "free", STB_WEAK, STT_FUNC, STV_DEFAULT, 1, 2 },
	[TINY_OLD_MEMALIGN] = { "memalign", STB_GLOBAL, STT_FUNC, STV_DEFAULT, 1, 0x8002 },
	[TINY_MEMALIGN] = { "memalign", STB_GLOBAL, STT_FUNC, STV_DEFAULT, 1, 3 },
	[TINY_OLD_CFREE] = { "cfree", STB_GLOBAL, STT_FUNC, STV_DEFAULT, 1, 0x8002 },
	[TINY_CALLOC] = { "calloc", STB_GLOBAL, STT_GNU_IFUNC, STV_DEFAULT, 1, 2 },
	[TINY_REALLOC] = { "realloc", STB_GLOBAL, STT_FUNC, STV_DEFAULT, SHN_UNDEF, 2 },
	[TINY_VALLOC] = { "valloc", STB_GLOBAL, STT_FUNC, STV_HIDDEN, 1, 2 },
	[TINY_PVALLOC] = { "pvalloc", STB_GNU_UNIQUE, STT_FUNC, STV_DEFAULT, 1, 2 },
	[TINY_MMAP] = { "mmap", STB_GLOBAL, STT_OBJECT, STV_DEFAULT, 1, 2 },
	[TINY_MUNMAP] = { "munmap", STB_GLOBAL, STT_FUNC, STV_PROTECTED, 1, 2 },
};

/**
 * tiny_value() - get the address of a symbol's function
 * @symbol: the symbol
 *
 * Return: the address in the ELF file
 */
u64 tiny_value(enum tiny_symbol symbol)
{
	return TINY_VADDR(text) + 16 * symbol;
}

static void make_header(Elf64_Ehdr *ehdr)
{
	memcpy(ehdr->e_ident, ELFMAG, SELFMAG);
	ehdr->e_ident[EI_CLASS] = ELFCLASS64;
	ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	ehdr->e_ident[EI_VERSION] = EV_CURRENT;
	ehdr->e_type = ET_DYN;
	ehdr->e_machine = EM_X86_64;
	ehdr->e_version = EV_CURRENT;
	ehdr->e_phoff = offsetof(struct tiny, phdr);
	ehdr->e_shoff = offsetof(struct tiny, shdr);
	ehdr->e_ehsize = sizeof(*ehdr);
	ehdr->e_phentsize = sizeof(Elf64_Phdr);
	ehdr->e_phnum = TINY_SEGMENTS;
	ehdr->e_shentsize = sizeof(Elf64_Shdr);
	ehdr->e_shnum = TINY_SECTIONS;
}

static void make_segment(Elf64_Phdr *phdr, u32 type, u32 flags, u64 offset, u64 size)
{
	phdr->p_type = type;
	phdr->p_flags = flags;
	phdr->p_offset = offset;
	phdr->p_vaddr = TINY_BIAS + offset;
	phdr->p_filesz = size;
	phdr->p_memsz = size;
	phdr->p_align = 4;
}

/* One segment up to the end of the code, another for the rest. */
static void make_segments(struct tiny *t)
{
	u64 data = offsetof(struct tiny, shdr);

	make_segment(&t->phdr[TINY_LOAD], PT_LOAD, PF_R | PF_X, 0, data);
	make_segment(&t->phdr[TINY_DATA], PT_LOAD, PF_R | PF_W, data, sizeof(*t) - data);
	make_segment(&t->phdr[TINY_DYNAMIC], PT_DYNAMIC, PF_R, offsetof(struct tiny, dyn),
		     sizeof(t->dyn));
	make_segment(&t->phdr[TINY_NOTE], PT_NOTE, PF_R, offsetof(struct tiny, note),
		     sizeof(t->note));
}

static void make_dyn(Elf64_Dyn *dyn, u64 tag, u64 value)
{
	dyn->d_tag = tag;
	dyn->d_un.d_val = value;
}

static void make_dynamic(struct tiny *t)
{
	make_dyn(&t->dyn[TINY_DT_NEEDED], DT_NEEDED, 1);
	make_dyn(&t->dyn[TINY_DT_SYMTAB], DT_SYMTAB, TINY_VADDR(sym));
	make_dyn(&t->dyn[TINY_DT_SYMENT], DT_SYMENT, sizeof(Elf64_Sym));
	make_dyn(&t->dyn[TINY_DT_STRTAB], DT_STRTAB, TINY_VADDR(strings));
	make_dyn(&t->dyn[TINY_DT_STRSZ], DT_STRSZ, sizeof(t->strings));
	make_dyn(&t->dyn[TINY_DT_GNU_HASH], DT_GNU_HASH, TINY_VADDR(gnu));
	make_dyn(&t->dyn[TINY_DT_HASH], DT_HASH, TINY_VADDR(sysv));
	make_dyn(&t->dyn[TINY_DT_VERSYM], DT_VERSYM, TINY_VADDR(versym));
	make_dyn(&t->dyn[TINY_DT_JMPREL], DT_JMPREL, TINY_VADDR(rela));
	make_dyn(&t->dyn[TINY_DT_PLTRELSZ], DT_PLTRELSZ, sizeof(t->rela));
	make_dyn(&t->dyn[TINY_DT_NULL], DT_NULL, 0);
}

static void make_symbols(struct tiny *t)
{
	u32 at = 1, i;

	for (i = 1; i < TINY_SYMBOLS; i++) {
		t->sym[i].st_name = at;
		t->sym[i].st_info = ELF64_ST_INFO(symbols[i].bind, symbols[i].type);
		t->sym[i].st_other = symbols[i].visibility;
		t->sym[i].st_shndx = symbols[i].section;
		t->sym[i].st_value = tiny_value(i);
		t->sym[i].st_size = 16;
		t->versym[i] = symbols[i].version;
		at += strlen(strcpy(t->strings + at, symbols[i].name)) + 1;
	}
}

static u32 gnu_hash(const char *name)
{
	u32 hash = 5381;

	for (; *name; name++)
		hash = (hash << 5) + hash + (u8)*name;
	return hash;
}

/* One bucket and a Bloom filter of one word: each look-up walks the whole chain. */
static void make_hashes(struct tiny *t)
{
	u32 i, hash;

	t->gnu = (struct tiny_gnu_hash){ .nr_buckets = 1,
					 .first_symbol = 1,
					 .bloom_words = 1,
					 .bloom_shift = 6,
					 .buckets = { 1 } };
	t->sysv = (struct tiny_sysv_hash){ .nr_buckets = 1,
					   .nr_symbols = TINY_SYMBOLS,
					   .buckets = { 1 } };
	for (i = 1; i < TINY_SYMBOLS; i++) {
		hash = gnu_hash(symbols[i].name);
		t->gnu.bloom[0] |= 1ULL << (hash % 64) | 1ULL << ((hash >> 6) % 64);
		t->gnu.chain[i - 1] = (hash & ~1U) | (i == TINY_SYMBOLS - 1);
		t->sysv.chain[i] = (i + 1) % TINY_SYMBOLS;
	}
}

static void make_sections(struct tiny *t)
{
	t->shdr[TINY_SYMTAB] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
					     .sh_offset = offsetof(struct tiny, sym),
					     .sh_size = sizeof(t->sym),
					     .sh_link = TINY_STRTAB,
					     .sh_info = 1,
					     .sh_entsize = sizeof(Elf64_Sym) };
	t->shdr[TINY_STRTAB] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
					     .sh_offset = offsetof(struct tiny, strings),
					     .sh_size = sizeof(t->strings) };
	t->shdr[TINY_SH_NOTE] = (Elf64_Shdr){ .sh_type = SHT_NOTE,
					      .sh_addralign = 4,
					      .sh_offset = offsetof(struct tiny, note),
					      .sh_size = sizeof(t->note) };
}

static void make_note(struct tiny_note *note)
{
	u32 i;

	note->head = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = TINY_ID_LEN, .n_type = 3 };
	memcpy(note->name, "GNU", 4);
	for (i = 0; i < TINY_ID_LEN; i++)
		note->desc[i] = 0xa0 + i;
}

static void put_distance(u8 *code, u64 next, u64 target)
{
	s32 distance = target - next;

	memcpy(code, &distance, sizeof(distance));
}

static void make_jump(struct tiny *t, enum tiny_symbol from, enum tiny_symbol to)
{
	u8 *code = &t->text[16 * from];

	code[0] = 0xe9;
	put_distance(code + 1, tiny_value(from) + 5, tiny_value(to));
}

static void make_text(struct tiny *t)
{
	memset(t->text, 0x90, sizeof(t->text));
	memcpy(t->text, "\xff\x25", 2);
	put_distance(t->text + 2, tiny_value(TINY_NULL) + 6, TINY_SLOT);
	t->rela[0] = (Elf64_Rela){ .r_offset = TINY_SLOT + 8,
				   .r_info = ELF64_R_INFO(TINY_MALLOC, R_X86_64_JUMP_SLOT) };
	t->rela[1] = (Elf64_Rela){ .r_offset = TINY_SLOT,
				   .r_info = ELF64_R_INFO(TINY_FREE, R_X86_64_JUMP_SLOT) };
	make_jump(t, TINY_PVALLOC, TINY_NULL);
	make_jump(t, TINY_MUNMAP, TINY_MALLOC);
}

/**
 * tiny_make() - make a shared object that exports the symbols of enum tiny_symbol
 * @tiny: is filled in; both hash tables are valid
 */
void tiny_make(struct tiny *tiny)
{
	memset(tiny, 0, sizeof(*tiny));
	make_header(&tiny->ehdr);
	make_segments(tiny);
	make_dynamic(tiny);
	make_symbols(tiny);
	make_hashes(tiny);
	make_sections(tiny);
	make_note(&tiny->note);
	make_text(tiny);
}

/**
 * tiny_make_static() - make a static program: the symbol table, but no dynamic section
 * @tiny: is filled in
 */
void tiny_make_static(struct tiny *tiny)
{
	tiny_make(tiny);
	tiny->ehdr.e_type = ET_EXEC;
	tiny->phdr[TINY_DYNAMIC].p_type = PT_NULL;
}
