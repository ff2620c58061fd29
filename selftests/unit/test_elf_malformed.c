// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elf_malformed: results of the ELF reader on malformed images.
 *
 * Each case is one change to a valid image (tiny.h) and the expected result. Systematic changes
 * follow: the image cut after each byte, and each byte changed. A read outside of the image aborts
 * the program, in image.c or by AddressSanitizer.
 */
#include "elf_query.h"
#include "exercise.h"
#include "image.h"
#include "tap.h"
#include "tiny.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define HUGE (U64_MAX - 7)
#define PAST sizeof(struct tiny)

struct malformed {
	const char *name;
	void (*malform)(struct tiny *t);
	enum query query;
	int expected;
};

#define MALFORM(name, statement)         \
	static void name(struct tiny *t) \
	{                                \
		statement;               \
	}

MALFORM(intact, (void)t)

/* One line for each change: */
/* clang-format off */

/* === Headers === */

MALFORM(no_magic, t->ehdr.e_ident[1] = 'e')
MALFORM(bits_32, t->ehdr.e_ident[EI_CLASS] = ELFCLASS32)
MALFORM(big_endian, t->ehdr.e_ident[EI_DATA] = ELFDATA2MSB)
MALFORM(other_machine, t->ehdr.e_machine = EM_AARCH64)
MALFORM(relocatable, t->ehdr.e_type = ET_REL)
MALFORM(core_file, t->ehdr.e_type = ET_CORE)
MALFORM(phoff_past, t->ehdr.e_phoff = PAST)
MALFORM(phoff_huge, t->ehdr.e_phoff = HUGE)
MALFORM(phnum_0, t->ehdr.e_phnum = 0)
MALFORM(phnum_many, t->ehdr.e_phnum = 1170)
MALFORM(phnum_max, t->ehdr.e_phnum = PN_XNUM)
MALFORM(phentsize_0, t->ehdr.e_phentsize = 0)
MALFORM(phentsize_32, t->ehdr.e_phentsize = 32)
MALFORM(load_past, t->phdr[TINY_LOAD].p_offset = PAST)
MALFORM(load_offset_huge, t->phdr[TINY_LOAD].p_offset = HUGE)
MALFORM(load_size_past, (t->phdr[TINY_DATA].p_filesz = PAST, t->phdr[TINY_DATA].p_memsz = PAST))
MALFORM(load_size_huge, (t->phdr[TINY_LOAD].p_filesz = HUGE, t->phdr[TINY_LOAD].p_memsz = HUGE))
MALFORM(load_wraps, t->phdr[TINY_LOAD].p_vaddr = HUGE)
MALFORM(load_shrinks, t->phdr[TINY_LOAD].p_memsz = 8)
MALFORM(no_load, (t->phdr[TINY_LOAD].p_type = PT_NULL, t->phdr[TINY_DATA].p_type = PT_NULL))

/* === Dynamic section === */

MALFORM(dynamic_outside, t->phdr[TINY_DYNAMIC].p_vaddr = TINY_BIAS + PAST)
MALFORM(dynamic_huge, t->phdr[TINY_DYNAMIC].p_vaddr = HUGE)
MALFORM(dynamic_size_past, t->phdr[TINY_DYNAMIC].p_filesz = PAST)
MALFORM(dynamic_size_huge, t->phdr[TINY_DYNAMIC].p_filesz = HUGE)
MALFORM(dynamic_endless, t->dyn[TINY_DT_NULL].d_tag = DT_DEBUG)
MALFORM(symtab_outside, t->dyn[TINY_DT_SYMTAB].d_un.d_val = TINY_BIAS + PAST)
MALFORM(symtab_huge, t->dyn[TINY_DT_SYMTAB].d_un.d_val = HUGE)
MALFORM(symtab_at_end, t->dyn[TINY_DT_SYMTAB].d_un.d_val = TINY_BIAS + PAST - 1)
MALFORM(syment_25, t->dyn[TINY_DT_SYMENT].d_un.d_val = 25)
MALFORM(strtab_outside, t->dyn[TINY_DT_STRTAB].d_un.d_val = 8)
MALFORM(strtab_huge, t->dyn[TINY_DT_STRTAB].d_un.d_val = HUGE)
MALFORM(strsz_past, t->dyn[TINY_DT_STRSZ].d_un.d_val = sizeof(t->strings) + 1)
MALFORM(strsz_huge, t->dyn[TINY_DT_STRSZ].d_un.d_val = HUGE)
MALFORM(strsz_0, t->dyn[TINY_DT_STRSZ].d_un.d_val = 0)
MALFORM(versym_outside, t->dyn[TINY_DT_VERSYM].d_un.d_val = HUGE)
MALFORM(versym_at_end, t->dyn[TINY_DT_VERSYM].d_un.d_val = TINY_BIAS + PAST - 1)
MALFORM(no_hash, (t->dyn[TINY_DT_GNU_HASH].d_tag = DT_DEBUG, t->dyn[TINY_DT_HASH].d_tag = DT_DEBUG))

/* === GNU hash === */

MALFORM(gnu_outside, t->dyn[TINY_DT_GNU_HASH].d_un.d_val = TINY_BIAS + PAST)
MALFORM(gnu_at_end, t->dyn[TINY_DT_GNU_HASH].d_un.d_val = TINY_BIAS + PAST - 8)
MALFORM(gnu_buckets_0, t->gnu.nr_buckets = 0)
MALFORM(gnu_buckets_max, t->gnu.nr_buckets = ~0U)
MALFORM(gnu_bloom_0, t->gnu.bloom_words = 0)
MALFORM(gnu_bloom_3, t->gnu.bloom_words = 3)
MALFORM(gnu_bloom_max, t->gnu.bloom_words = 1U << 31)
MALFORM(gnu_bloom_empty, t->gnu.bloom[0] = 0)
MALFORM(gnu_shift_32, t->gnu.bloom_shift = 32)
MALFORM(gnu_shift_max, t->gnu.bloom_shift = ~0U)
MALFORM(gnu_first_max, t->gnu.first_symbol = ~0U)
MALFORM(gnu_bucket_below, (t->gnu.first_symbol = 3, t->gnu.buckets[0] = 2))
MALFORM(gnu_bucket_max, t->gnu.buckets[0] = ~0U)
MALFORM(gnu_endless,
	memset(t->gnu.chain, 0, sizeof(struct tiny) - offsetof(struct tiny, gnu.chain)))

/* === System V hash === */

static void without_gnu(struct tiny *t)
{
	t->dyn[TINY_DT_GNU_HASH].d_tag = DT_DEBUG;
}

MALFORM(sysv_intact, without_gnu(t))
MALFORM(sysv_outside, (without_gnu(t), t->dyn[TINY_DT_HASH].d_un.d_val = HUGE))
MALFORM(sysv_at_end, (without_gnu(t), t->dyn[TINY_DT_HASH].d_un.d_val = TINY_BIAS + PAST - 4))
MALFORM(sysv_buckets_0, (without_gnu(t), t->sysv.nr_buckets = 0))
MALFORM(sysv_buckets_max, (without_gnu(t), t->sysv.nr_buckets = ~0U))
MALFORM(sysv_symbols_0, (without_gnu(t), t->sysv.nr_symbols = 0))
MALFORM(sysv_cycle, (without_gnu(t), t->sysv.chain[TINY_MUNMAP] = TINY_MALLOC))
MALFORM(sysv_self, (without_gnu(t), t->sysv.chain[TINY_MALLOC] = TINY_MALLOC))
MALFORM(sysv_chain_past, (without_gnu(t), t->sysv.chain[TINY_MALLOC] = TINY_SYMBOLS))
MALFORM(sysv_chain_max, (without_gnu(t), t->sysv.chain[1] = ~1U, t->sysv.nr_symbols = ~0U))

/* === Symbols === */

MALFORM(name_past, t->sym[TINY_MALLOC].st_name = sizeof(t->strings))
MALFORM(name_max, t->sym[TINY_MALLOC].st_name = ~0U)
MALFORM(value_outside, t->sym[TINY_MALLOC].st_value = 8)
MALFORM(value_huge, t->sym[TINY_MALLOC].st_value = HUGE)
MALFORM(value_in_data, t->sym[TINY_MALLOC].st_value = TINY_VADDR(strings))
MALFORM(size_huge, t->sym[TINY_MALLOC].st_size = HUGE)
MALFORM(absolute, t->sym[TINY_MALLOC].st_shndx = SHN_ABS)
MALFORM(local, t->sym[TINY_MALLOC].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC))

/* The string that equals the name is the table's last one and has no terminator. */
static void name_unterminated(struct tiny *t)
{
	u32 at = sizeof(t->strings) - 6;

	memcpy(t->strings + at, "malloc", 6);
	t->sym[TINY_MALLOC].st_name = at;
}

/* === Section table, of a static program === */

MALFORM(static_intact, tiny_make_static(t))
MALFORM(static_stripped, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_type = SHT_NULL))
MALFORM(static_shoff_0, (tiny_make_static(t), t->ehdr.e_shoff = 0))
MALFORM(static_shoff_huge, (tiny_make_static(t), t->ehdr.e_shoff = HUGE))
MALFORM(static_shnum_max, (tiny_make_static(t), t->ehdr.e_shnum = 0xffff))
MALFORM(static_shentsize_0, (tiny_make_static(t), t->ehdr.e_shentsize = 0))
MALFORM(static_symtab_past, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_offset = PAST + 1))
MALFORM(static_symtab_huge, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_size = HUGE))
MALFORM(static_entsize_0, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_entsize = 0))
MALFORM(static_link_past, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_link = TINY_SECTIONS))
MALFORM(static_link_max, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_link = ~0U))
MALFORM(static_strings_huge, (tiny_make_static(t), t->shdr[TINY_STRTAB].sh_size = HUGE))
MALFORM(static_name_past, (tiny_make_static(t), t->sym[TINY_FREE].st_name = ~0U))

/* The symbol table of a library is not read: it is not needed there. */
static void library_without_exports(struct tiny *t)
{
	t->dyn[TINY_DT_SYMTAB].d_tag = DT_DEBUG;
}

/* === Notes === */

static void section_only(struct tiny *t)
{
	t->phdr[TINY_NOTE].p_type = PT_NULL;
}

MALFORM(note_outside, t->phdr[TINY_NOTE].p_offset = PAST)
MALFORM(note_huge, t->phdr[TINY_NOTE].p_offset = HUGE)
MALFORM(note_size_huge, t->phdr[TINY_NOTE].p_filesz = HUGE)
MALFORM(note_name_max, t->note.head.n_namesz = ~0U)
MALFORM(note_desc_max, t->note.head.n_descsz = ~0U)
MALFORM(note_desc_past, t->note.head.n_descsz = TINY_ID_LEN + 1)
MALFORM(note_long, (t->phdr[TINY_NOTE].p_filesz = 200, t->note.head.n_descsz = 65))
MALFORM(note_empty, (t->note.head.n_descsz = 0,
		 t->phdr[TINY_NOTE].p_filesz = 16, t->shdr[TINY_SH_NOTE].sh_size = 16))
MALFORM(note_other_type, t->note.head.n_type = 1)
MALFORM(note_other_name, t->note.name[0] = 'g')
MALFORM(note_in_section, section_only(t))
MALFORM(section_note_huge, (section_only(t), t->shdr[TINY_SH_NOTE].sh_offset = HUGE))
MALFORM(section_note_past, (section_only(t), t->shdr[TINY_SH_NOTE].sh_size = PAST))

/* clang-format on */

/* The name of the change is in the name of the test. */
#define ROW(name, query, expected)           \
	{                                    \
#name, name, query, expected \
	}

static const struct malformed cases[] = {
	ROW(intact, OPEN, 0),
	ROW(intact, FIND, ALL),
	ROW(intact, BUILD_ID, TINY_ID_LEN),
	ROW(no_magic, OPEN, -ENOEXEC),
	ROW(bits_32, OPEN, -EOPNOTSUPP),
	ROW(big_endian, OPEN, -EOPNOTSUPP),
	ROW(other_machine, OPEN, -EOPNOTSUPP),
	ROW(relocatable, OPEN, -ENOEXEC),
	ROW(core_file, OPEN, -ENOEXEC),
	ROW(phoff_past, OPEN, -ENOEXEC),
	ROW(phoff_huge, OPEN, -ENOEXEC),
	ROW(phnum_0, OPEN, -ENOEXEC),
	ROW(phnum_many, OPEN, -ENOEXEC),
	ROW(phnum_max, OPEN, -ENOEXEC),
	ROW(phentsize_0, OPEN, -ENOEXEC),
	ROW(phentsize_32, OPEN, -ENOEXEC),
	ROW(load_past, OPEN, -ENOEXEC),
	ROW(load_offset_huge, OPEN, -ENOEXEC),
	ROW(load_size_past, OPEN, -ENOEXEC),
	ROW(load_size_huge, OPEN, -ENOEXEC),
	ROW(load_wraps, OPEN, -ENOEXEC),
	ROW(load_shrinks, OPEN, -ENOEXEC),
	ROW(no_load, OPEN, -ENOEXEC),
	ROW(dynamic_outside, OPEN, -ENOEXEC),
	ROW(dynamic_huge, OPEN, -ENOEXEC),
	ROW(dynamic_size_past, OPEN, -ENOEXEC),
	ROW(dynamic_size_huge, OPEN, -ENOEXEC),
	ROW(dynamic_endless, OPEN, -ENOEXEC),
	ROW(symtab_outside, FIND, -ENOEXEC),
	ROW(symtab_huge, FIND, -ENOEXEC),
	ROW(symtab_at_end, FIND, -ENOEXEC),
	ROW(syment_25, FIND, -ENOEXEC),
	ROW(strtab_outside, FIND, -ENOEXEC),
	ROW(strtab_huge, FIND, -ENOEXEC),
	ROW(strsz_past, FIND, -ENOEXEC),
	ROW(strsz_huge, FIND, -ENOEXEC),
	ROW(strsz_0, FIND, -ENOEXEC),
	ROW(versym_outside, FIND, -ENOEXEC),
	ROW(versym_at_end, FIND, -ENOEXEC),
	ROW(no_hash, FIND, 0),
	ROW(gnu_outside, FIND, -ENOEXEC),
	ROW(gnu_at_end, FIND, -ENOEXEC),
	ROW(gnu_buckets_0, FIND, 0),
	ROW(gnu_buckets_max, FIND, -ENOEXEC),
	ROW(gnu_bloom_0, FIND, -ENOEXEC),
	ROW(gnu_bloom_3, FIND, -ENOEXEC),
	ROW(gnu_bloom_max, FIND, -ENOEXEC),
	ROW(gnu_bloom_empty, FIND, ALL),
	ROW(gnu_shift_32, FIND, -ENOEXEC),
	ROW(gnu_shift_max, FIND, -ENOEXEC),
	ROW(gnu_first_max, FIND, -ENOEXEC),
	ROW(gnu_bucket_below, FIND, -ENOEXEC),
	ROW(gnu_bucket_max, FIND, -ENOEXEC),
	ROW(gnu_endless, FIND, -ENOEXEC),
	ROW(sysv_intact, FIND, ALL),
	ROW(sysv_outside, FIND, -ENOEXEC),
	ROW(sysv_at_end, FIND, -ENOEXEC),
	ROW(sysv_buckets_0, FIND, 0),
	ROW(sysv_buckets_max, FIND, -ENOEXEC),
	ROW(sysv_symbols_0, FIND, 0),
	ROW(sysv_cycle, FIND, ALL),
	ROW(sysv_self, FIND, ALL),
	ROW(sysv_chain_past, FIND, ALL),
	ROW(sysv_chain_max, FIND, -ENOEXEC),
	ROW(name_past, FIND, -ENOEXEC),
	ROW(name_max, FIND, -ENOEXEC),
	ROW(value_outside, FIND, ALL - 1),
	ROW(value_huge, FIND, ALL - 1),
	ROW(value_in_data, FIND, ALL - 1),
	ROW(size_huge, FIND, ALL),
	ROW(absolute, FIND, ALL - 1),
	ROW(local, FIND, ALL - 1),
	ROW(name_unterminated, FIND, ALL - 1),
	ROW(static_intact, FIND, ALL_STATIC),
	ROW(static_stripped, FIND, 0),
	ROW(static_shoff_0, FIND, 0),
	ROW(static_shoff_huge, FIND, -ENOEXEC),
	ROW(static_shnum_max, FIND, -ENOEXEC),
	ROW(static_shentsize_0, FIND, 0),
	ROW(static_symtab_past, FIND, -ENOEXEC),
	ROW(static_symtab_huge, FIND, -ENOEXEC),
	ROW(static_entsize_0, FIND, -ENOEXEC),
	ROW(static_link_past, FIND, -ENOEXEC),
	ROW(static_link_max, FIND, -ENOEXEC),
	ROW(static_strings_huge, FIND, -ENOEXEC),
	ROW(static_name_past, FIND, -ENOEXEC),
	ROW(library_without_exports, FIND, 0),
	ROW(note_outside, BUILD_ID, -ENOEXEC),
	ROW(note_huge, BUILD_ID, -ENOEXEC),
	ROW(note_size_huge, BUILD_ID, -ENOEXEC),
	ROW(note_name_max, BUILD_ID, -ENOEXEC),
	ROW(note_desc_max, BUILD_ID, -ENOEXEC),
	ROW(note_desc_past, BUILD_ID, -ENOEXEC),
	ROW(note_long, BUILD_ID, -ENOEXEC),
	ROW(note_empty, BUILD_ID, 0),
	ROW(note_other_type, BUILD_ID, 0),
	ROW(note_other_name, BUILD_ID, 0),
	ROW(note_in_section, BUILD_ID, TINY_ID_LEN),
	ROW(section_note_huge, BUILD_ID, -ENOEXEC),
	ROW(section_note_past, BUILD_ID, -ENOEXEC),
};

static void test_malformed(const struct malformed *m)
{
	static const char *const names[] = { "open", "find", "build-id" };
	struct image image;
	struct tiny tiny;

	tiny_make(&tiny);
	m->malform(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	tap_is(query_elf(&image, m->query), m->expected, "image %s: %s returns %d", m->name,
	       names[m->query], m->expected);
	exercise_elf(&image, MLU_ELF_MIN_SCRATCH);
	image_free(&image);
}

/* === Systematic changes === */

static void make_image(struct tiny *tiny, bool is_static)
{
	if (is_static)
		tiny_make_static(tiny);
	else
		tiny_make(tiny);
}

static void exercise_bytes(const void *bytes, size_t len)
{
	struct image image;

	image_copy(&image, bytes, len);
	exercise_elf(&image, MLU_ELF_MIN_SCRATCH);
	exercise_elf(&image, 4096);
	image_free(&image);
}

static void test_every_length(bool is_static)
{
	struct tiny tiny;
	size_t len;

	make_image(&tiny, is_static);
	for (len = 0; len < sizeof(tiny); len++)
		exercise_bytes(&tiny, len);
	tap_ok(true, "%s image cut after each of its %zu bytes breaks no invariant",
	       is_static ? "a static" : "a dynamic", len);
}

/* Each byte gets other values, then eight bytes from there get 0xff: the largest numbers. */
static void test_every_byte(bool is_static, bool without_gnu_hash)
{
	struct tiny tiny;
	u8 *bytes = (u8 *)&tiny;
	size_t at;
	int add;

	for (at = 0; at < offsetof(struct tiny, text); at++) {
		for (add = 1; add < 256; add += 2) {
			make_image(&tiny, is_static);
			if (without_gnu_hash)
				without_gnu(&tiny);
			bytes[at] += add;
			exercise_bytes(&tiny, sizeof(tiny));
		}
		make_image(&tiny, is_static);
		memset(bytes + at, 0xff, 8);
		exercise_bytes(&tiny, sizeof(tiny));
	}
	tap_ok(true, "any byte changed in %s image%s breaks no invariant",
	       is_static ? "a static" : "a dynamic", without_gnu_hash ? " with DT_HASH" : "");
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		test_malformed(&cases[i]);
	test_every_length(false);
	test_every_length(true);
	test_every_byte(false, false);
	test_every_byte(false, true);
	test_every_byte(true, false);
	return tap_end();
}
