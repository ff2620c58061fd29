// SPDX-License-Identifier: GPL-2.0-only
/*
 * bad_elf OBJECT DIR [SEED COUNT]: a program that has mapped malformed ELF objects. For each line
 * of the table below (or COUNT times with random changes, repeatable by SEED) it writes a copy of
 * OBJECT with this defect into DIR and maps it as the dynamic linker would map OBJECT itself. Its
 * only step keeps ten blocks of libc's malloc.
 *
 * Used by allocators, with bad_elf_base.so as OBJECT.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "program.h"

#define PAGE 4096ul
#define FAR_OUT (~0ull - 4095)

enum where {
	/* at offset "at" of a header */
	HEADER,
	TEXT,
	DYNAMIC,
	NOTE,
	/* at offset "at" of what a header or dynamic entry points to */
	NOTE_WORD,
	GNU_HASH,
	SYSV_HASH,
	SYMBOL, /* that of malloc */
	/* in the value of the dynamic entry "at" */
	VALUE,
	/* unterminated: dynamic section, string table, chains of the GNU hash, of the SysV hash */
	NO_END,
	NO_NUL,
	NO_STOP,
	CYCLE,
	/* the file is truncated to "value" bytes, before or after the mmap() */
	CUT,
	CUT_LATER,
};

struct defect {
	enum where where;
	size_t at, size;
	uint64_t value;
};

#define EHDR(field, v)                                                                   \
	{                                                                                \
		HEADER, offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field), v \
	}
#define PHDR(w, field, v)                                                           \
	{                                                                           \
		w, offsetof(Elf64_Phdr, field), sizeof(((Elf64_Phdr *)0)->field), v \
	}
#define SYM(field, v)                                                                  \
	{                                                                              \
		SYMBOL, offsetof(Elf64_Sym, field), sizeof(((Elf64_Sym *)0)->field), v \
	}
#define WORD(w, n, v)          \
	{                      \
		w, (n)*4, 4, v \
	}
#define DYN(tag, v)              \
	{                        \
		VALUE, tag, 8, v \
	}

static const struct defect defects[] = {
	{ HEADER, EI_MAG0, 1, 0 },
	{ HEADER, EI_CLASS, 1, ELFCLASS32 },
	{ HEADER, EI_CLASS, 1, 0 },
	{ HEADER, EI_DATA, 1, ELFDATA2MSB },
	EHDR(e_type, 0xffff),
	EHDR(e_machine, EM_386),
	EHDR(e_machine, 0xffff),
	EHDR(e_phoff, 0),
	EHDR(e_phoff, 1),
	EHDR(e_phoff, FAR_OUT),
	EHDR(e_phoff, ~0ull),
	EHDR(e_phnum, 0),
	EHDR(e_phnum, 0xffff),
	EHDR(e_phentsize, 0),
	EHDR(e_phentsize, 1),
	EHDR(e_phentsize, 0xffff),
	EHDR(e_shoff, FAR_OUT),
	EHDR(e_shnum, 0xffff),
	EHDR(e_shentsize, 0),
	EHDR(e_shstrndx, 0xffff),
	EHDR(e_ehsize, 0),

	PHDR(TEXT, p_offset, FAR_OUT),
	PHDR(TEXT, p_offset, ~0ull),
	PHDR(TEXT, p_vaddr, FAR_OUT),
	PHDR(TEXT, p_vaddr, 1ull << 63),
	PHDR(TEXT, p_filesz, ~0ull),
	PHDR(TEXT, p_filesz, 0),
	PHDR(TEXT, p_memsz, 1ull << 63),
	PHDR(TEXT, p_memsz, 0),
	PHDR(TEXT, p_align, 0),
	PHDR(TEXT, p_align, 3),
	PHDR(TEXT, p_type, PT_DYNAMIC),
	PHDR(TEXT, p_flags, 0),

	PHDR(DYNAMIC, p_offset, FAR_OUT),
	PHDR(DYNAMIC, p_vaddr, FAR_OUT),
	PHDR(DYNAMIC, p_vaddr, 1),
	PHDR(DYNAMIC, p_filesz, ~0ull),
	PHDR(DYNAMIC, p_filesz, 0),
	PHDR(DYNAMIC, p_filesz, 1),
	PHDR(DYNAMIC, p_memsz, ~0ull),
	PHDR(NOTE, p_offset, FAR_OUT),
	PHDR(NOTE, p_vaddr, ~0ull),
	PHDR(NOTE, p_filesz, ~0ull),
	PHDR(NOTE, p_filesz, 5),
	WORD(NOTE_WORD, 0, 0xffffffff),
	WORD(NOTE_WORD, 1, 0xffffffff),
	WORD(NOTE_WORD, 0, 0xfffffffd),
	WORD(NOTE_WORD, 1, 0),
	WORD(NOTE_WORD, 2, 0xffffffff),

	DYN(DT_STRTAB, ~0ull),
	DYN(DT_STRTAB, 1ull << 40),
	DYN(DT_STRTAB, 0),
	DYN(DT_STRSZ, 0),
	DYN(DT_STRSZ, 1),
	DYN(DT_STRSZ, ~0ull),
	DYN(DT_STRSZ, FAR_OUT),
	DYN(DT_SYMTAB, ~0ull),
	DYN(DT_SYMTAB, 1ull << 40),
	DYN(DT_SYMTAB, 3),
	DYN(DT_SYMENT, 0),
	DYN(DT_SYMENT, 1),
	DYN(DT_SYMENT, ~0ull),
	DYN(DT_GNU_HASH, ~0ull),
	DYN(DT_GNU_HASH, 1ull << 40),
	DYN(DT_GNU_HASH, 0),
	DYN(DT_HASH, ~0ull),
	DYN(DT_HASH, 1ull << 40),
	DYN(DT_HASH, 0),
	{ NO_END, 0, 0, 0 },

	WORD(GNU_HASH, 0, 0),
	WORD(GNU_HASH, 0, 0xffffffff),
	WORD(GNU_HASH, 1, 0xffffffff),
	WORD(GNU_HASH, 1, 0),
	WORD(GNU_HASH, 2, 0),
	WORD(GNU_HASH, 2, 3),
	WORD(GNU_HASH, 2, 0xffffffff),
	WORD(GNU_HASH, 3, 0xffffffff),
	{ NO_STOP, 0, 0, 0 },
	WORD(SYSV_HASH, 0, 0),
	WORD(SYSV_HASH, 0, 0xffffffff),
	WORD(SYSV_HASH, 1, 0),
	WORD(SYSV_HASH, 1, 0xffffffff),
	WORD(SYSV_HASH, 2, 0xfffffff0),
	{ CYCLE, 0, 0, 0 },

	SYM(st_name, 0xffffffff),
	SYM(st_value, ~0ull),
	SYM(st_value, 1ull << 40),
	SYM(st_value, 0),
	SYM(st_value, 1),
	SYM(st_size, ~0ull),
	SYM(st_size, 0),
	SYM(st_shndx, 0),
	SYM(st_shndx, 0xffff),
	SYM(st_info, 0x1a),
	SYM(st_info, 0x11),
	{ NO_NUL, 0, 0, 0 },

	{ CUT, 0, 0, 1 },
	{ CUT, 0, 0, 16 },
	{ CUT, 0, 0, 63 },
	{ CUT, 0, 0, 64 },
	{ CUT, 0, 0, 200 },
	{ CUT, 0, 0, 4096 },
	{ CUT_LATER, 0, 0, 0 },
	{ CUT_LATER, 0, 0, 100 },
	{ CUT_LATER, 0, 0, 4096 },
};

static unsigned char *original, *image; /* OBJECT and its copy */
static size_t length;

static const Elf64_Phdr *find_phdr(uint32_t type, uint32_t flags)
{
	const Elf64_Ehdr *e = (void *)original;
	const Elf64_Phdr *p = (void *)(original + e->e_phoff);
	int i;

	for (i = 0; i < e->e_phnum; i++)
		if (p[i].p_type == type && (p[i].p_flags & flags) == flags)
			return &p[i];
	program_die("the object lacks a program header");
	return NULL;
}

/* Returns the file offset of an address. */
static size_t offset_of(uint64_t vaddr)
{
	const Elf64_Ehdr *e = (void *)original;
	const Elf64_Phdr *p = (void *)(original + e->e_phoff);
	int i;

	for (i = 0; i < e->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && vaddr >= p[i].p_vaddr &&
		    vaddr < p[i].p_vaddr + p[i].p_filesz)
			return vaddr - p[i].p_vaddr + p[i].p_offset;
	program_die("the object lacks a segment");
	return 0;
}

static Elf64_Dyn *find_dynamic(int64_t tag)
{
	Elf64_Dyn *d = (void *)(image + find_phdr(PT_DYNAMIC, 0)->p_offset);
	const Elf64_Dyn *t = (void *)(original + find_phdr(PT_DYNAMIC, 0)->p_offset);

	for (; t->d_tag != DT_NULL && t->d_tag != tag; t++)
		d++;
	return d;
}

/* Returns the file offset that a dynamic entry points to. */
static size_t offset_of_table(int64_t tag)
{
	return offset_of(find_dynamic(tag)->d_un.d_ptr);
}

static Elf64_Sym *find_symbol(const char *name)
{
	const char *strings = (char *)image + offset_of_table(DT_STRTAB);
	Elf64_Sym *s = (void *)(image + offset_of_table(DT_SYMTAB));

	while (strcmp(strings + s->st_name, name))
		s++;
	return s;
}

/* Hides the GNU hash table, because parsers prefer it to the SysV hash table. */
static uint32_t *use_sysv_hash(void)
{
	uint32_t *hash = (void *)(image + offset_of_table(DT_HASH));

	find_dynamic(DT_GNU_HASH)->d_tag = DT_DEBUG;
	return hash;
}

/* Returns the address in the image of what the defect changes. */
static void *find_field(const struct defect *defect)
{
	const Elf64_Ehdr *e = (void *)original;
	unsigned char *headers = image + e->e_phoff;
	const Elf64_Phdr *first = (void *)(original + e->e_phoff);

	switch (defect->where) {
	case TEXT:
		return headers + (find_phdr(PT_LOAD, PF_X) - first) * sizeof(*first) + defect->at;
	case DYNAMIC:
		return headers + (find_phdr(PT_DYNAMIC, 0) - first) * sizeof(*first) + defect->at;
	case NOTE:
		return headers + (find_phdr(PT_NOTE, 0) - first) * sizeof(*first) + defect->at;
	case NOTE_WORD:
		return image + find_phdr(PT_NOTE, 0)->p_offset + defect->at;
	case GNU_HASH:
		return image + offset_of_table(DT_GNU_HASH) + defect->at;
	case SYSV_HASH:
		return (char *)use_sysv_hash() + defect->at;
	case SYMBOL:
		return (char *)find_symbol("malloc") + defect->at;
	case VALUE:
		return &find_dynamic(defect->at)->d_un.d_val;
	default:
		return image + defect->at;
	}
}

/* The lowest bit marks the end of each chain in the GNU hash table: clear them all. */
static void remove_ends_of_chains(void)
{
	uint32_t *hash = (void *)(image + offset_of_table(DT_GNU_HASH));
	uint32_t *chain = hash + 4 + hash[2] * 2 + hash[0];
	size_t end = offset_of_table(DT_SYMTAB), at = (unsigned char *)chain - image;

	for (; at < end || (end < offset_of_table(DT_GNU_HASH) && at < length); at += 4)
		*(uint32_t *)(image + at) &= ~1u;
}

/* The chains of the SysV hash table lead into cycles. */
static void make_cycles(void)
{
	uint32_t *hash = use_sysv_hash(), i;

	for (i = 0; i < hash[1]; i++)
		hash[2 + hash[0] + i] = i ? i : 1;
	for (i = 0; i < hash[0]; i++)
		hash[2 + i] = 1;
}

/* No string in the string table is terminated. */
static void remove_nuls(void)
{
	size_t at = offset_of_table(DT_STRTAB), size = find_dynamic(DT_STRSZ)->d_un.d_val;

	memset(image + at + 1, 'm', size - 1);
	find_symbol("")->st_name = 1;
}

/* The dynamic section has no DT_NULL. */
static void remove_dynamic_end(void)
{
	Elf64_Dyn *d = find_dynamic(DT_NULL);
	unsigned char *end = image + find_phdr(PT_DYNAMIC, 0)->p_offset +
			     find_phdr(PT_DYNAMIC, 0)->p_filesz;

	for (; (unsigned char *)(d + 1) <= end; d++)
		d->d_tag = DT_DEBUG;
}

static void apply_defect(const struct defect *defect)
{
	if (defect->where == NO_STOP)
		remove_ends_of_chains();
	else if (defect->where == CYCLE)
		make_cycles();
	else if (defect->where == NO_NUL)
		remove_nuls();
	else if (defect->where == NO_END)
		remove_dynamic_end();
	else if (defect->where != CUT && defect->where != CUT_LATER)
		memcpy(find_field(defect), &defect->value, defect->size);
}

/* Maps the copy as the dynamic linker maps OBJECT, by the program headers of OBJECT. */
static void map_image(int fd)
{
	const Elf64_Ehdr *e = (void *)original;
	const Elf64_Phdr *p = (void *)(original + e->e_phoff);
	char *base = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	for (i = 0; i < e->e_phnum; i++) {
		size_t skew = p[i].p_vaddr % PAGE;
		int prot = PROT_READ | (p[i].p_flags & PF_X ? PROT_EXEC : 0) |
			   (p[i].p_flags & PF_W ? PROT_WRITE : 0);

		if (p[i].p_type == PT_LOAD &&
		    mmap(base + p[i].p_vaddr - skew, p[i].p_filesz + skew, prot,
			 MAP_PRIVATE | MAP_FIXED, fd, p[i].p_offset - skew) == MAP_FAILED)
			program_die("mmap of a malformed object");
	}
}

static void map_copy(const char *dir, int number, size_t size, long cut_later)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/bad-%d", dir, number);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	if (fd < 0 || write(fd, image, size) != (ssize_t)size)
		program_die(path);
	map_image(fd);
	if (cut_later >= 0 && ftruncate(fd, cut_later))
		program_die("ftruncate");
	close(fd);
	unlink(path);
}

static void map_defects(const char *dir)
{
	size_t i;

	for (i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		memcpy(image, original, length);
		apply_defect(&defects[i]);
		map_copy(dir, i, defects[i].where == CUT ? defects[i].value : length,
			 defects[i].where == CUT_LATER ? (long)defects[i].value : -1);
	}
}

/* Most changes are made in the headers and tables. */
static void map_random(const char *dir, unsigned int seed, int count)
{
	int i, j;

	srandom(seed);
	for (i = 0; i < count; i++) {
		memcpy(image, original, length);
		for (j = random() % 6; j >= 0; j--) {
			size_t span = random() % 3 ? 1024 : length;
			size_t start = random() % 3 ? 0 : find_phdr(PT_DYNAMIC, 0)->p_offset;

			image[(start + random() % span) % length] = random();
		}
		map_copy(dir, i, length, -1);
	}
}

static void read_original(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		program_die(path);
	length = st.st_size;
	original = malloc(length);
	image = malloc(length);
	if (read(fd, original, length) != st.st_size)
		program_die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	int i;

	if (argc != 3 && argc != 5)
		return 1;
	read_original(argv[1]);
	if (argc == 5)
		map_random(argv[2], atoi(argv[3]), atoi(argv[4]));
	else
		map_defects(argv[2]);
	program_ready();
	for (i = 0; i < 10; i++)
		program_keep(malloc(100 + i), 100 + i);
	program_done();
	return 0;
}
