// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elf_lies: what the ELF reader makes of images that lie.
 *
 * Each lie is one change to a true image (tiny.h), together with the answer that it must get. Then
 * come changes that nobody thought of: the image cut off at every byte, and every byte changed.
 * Reads outside of the image abort, in image.c and by AddressSanitizer.
 */
#include "elf_ask.h"
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

struct lie {
	const char *what;
	void (*tell)(struct tiny *t);
	enum ask ask;
	int answer;
};

#define LIE(name, statement)             \
	static void name(struct tiny *t) \
	{                                \
		statement;               \
	}

LIE(truth, (void)t)

/* One line a lie: */
/* clang-format off */

/* === Headers === */

LIE(no_magic, t->ehdr.e_ident[1] = 'e')
LIE(bits_32, t->ehdr.e_ident[EI_CLASS] = ELFCLASS32)
LIE(big_endian, t->ehdr.e_ident[EI_DATA] = ELFDATA2MSB)
LIE(other_machine, t->ehdr.e_machine = EM_AARCH64)
LIE(relocatable, t->ehdr.e_type = ET_REL)
LIE(core_file, t->ehdr.e_type = ET_CORE)
LIE(phoff_past, t->ehdr.e_phoff = PAST)
LIE(phoff_huge, t->ehdr.e_phoff = HUGE)
LIE(phnum_0, t->ehdr.e_phnum = 0)
LIE(phnum_many, t->ehdr.e_phnum = 1170)
LIE(phnum_max, t->ehdr.e_phnum = PN_XNUM)
LIE(phentsize_0, t->ehdr.e_phentsize = 0)
LIE(phentsize_32, t->ehdr.e_phentsize = 32)
LIE(load_past, t->phdr[TINY_LOAD].p_offset = PAST)
LIE(load_offset_huge, t->phdr[TINY_LOAD].p_offset = HUGE)
LIE(load_size_past, (t->phdr[TINY_DATA].p_filesz = PAST, t->phdr[TINY_DATA].p_memsz = PAST))
LIE(load_size_huge, (t->phdr[TINY_LOAD].p_filesz = HUGE, t->phdr[TINY_LOAD].p_memsz = HUGE))
LIE(load_wraps, t->phdr[TINY_LOAD].p_vaddr = HUGE)
LIE(load_shrinks, t->phdr[TINY_LOAD].p_memsz = 8)
LIE(no_load, (t->phdr[TINY_LOAD].p_type = PT_NULL, t->phdr[TINY_DATA].p_type = PT_NULL))

/* === Dynamic section === */

LIE(dynamic_outside, t->phdr[TINY_DYNAMIC].p_vaddr = TINY_BIAS + PAST)
LIE(dynamic_huge, t->phdr[TINY_DYNAMIC].p_vaddr = HUGE)
LIE(dynamic_size_past, t->phdr[TINY_DYNAMIC].p_filesz = PAST)
LIE(dynamic_size_huge, t->phdr[TINY_DYNAMIC].p_filesz = HUGE)
LIE(dynamic_endless, t->dyn[TINY_DT_NULL].d_tag = DT_DEBUG)
LIE(symtab_outside, t->dyn[TINY_DT_SYMTAB].d_un.d_val = TINY_BIAS + PAST)
LIE(symtab_huge, t->dyn[TINY_DT_SYMTAB].d_un.d_val = HUGE)
LIE(symtab_at_end, t->dyn[TINY_DT_SYMTAB].d_un.d_val = TINY_BIAS + PAST - 1)
LIE(syment_25, t->dyn[TINY_DT_SYMENT].d_un.d_val = 25)
LIE(strtab_outside, t->dyn[TINY_DT_STRTAB].d_un.d_val = 8)
LIE(strtab_huge, t->dyn[TINY_DT_STRTAB].d_un.d_val = HUGE)
LIE(strsz_past, t->dyn[TINY_DT_STRSZ].d_un.d_val = sizeof(t->strings) + 1)
LIE(strsz_huge, t->dyn[TINY_DT_STRSZ].d_un.d_val = HUGE)
LIE(strsz_0, t->dyn[TINY_DT_STRSZ].d_un.d_val = 0)
LIE(versym_outside, t->dyn[TINY_DT_VERSYM].d_un.d_val = HUGE)
LIE(versym_at_end, t->dyn[TINY_DT_VERSYM].d_un.d_val = TINY_BIAS + PAST - 1)
LIE(no_hash, (t->dyn[TINY_DT_GNU_HASH].d_tag = DT_DEBUG, t->dyn[TINY_DT_HASH].d_tag = DT_DEBUG))

/* === GNU hash === */

LIE(gnu_outside, t->dyn[TINY_DT_GNU_HASH].d_un.d_val = TINY_BIAS + PAST)
LIE(gnu_at_end, t->dyn[TINY_DT_GNU_HASH].d_un.d_val = TINY_BIAS + PAST - 8)
LIE(gnu_buckets_0, t->gnu.nr_buckets = 0)
LIE(gnu_buckets_max, t->gnu.nr_buckets = ~0U)
LIE(gnu_bloom_0, t->gnu.bloom_words = 0)
LIE(gnu_bloom_3, t->gnu.bloom_words = 3)
LIE(gnu_bloom_max, t->gnu.bloom_words = 1U << 31)
LIE(gnu_bloom_empty, t->gnu.bloom[0] = 0)
LIE(gnu_shift_32, t->gnu.bloom_shift = 32)
LIE(gnu_shift_max, t->gnu.bloom_shift = ~0U)
LIE(gnu_first_max, t->gnu.first_symbol = ~0U)
LIE(gnu_bucket_below, (t->gnu.first_symbol = 3, t->gnu.buckets[0] = 2))
LIE(gnu_bucket_max, t->gnu.buckets[0] = ~0U)
LIE(gnu_endless, memset(t->gnu.chain, 0, sizeof(struct tiny) - offsetof(struct tiny, gnu.chain)))

/* === System V hash === */

static void without_gnu(struct tiny *t)
{
	t->dyn[TINY_DT_GNU_HASH].d_tag = DT_DEBUG;
}

LIE(sysv_true, without_gnu(t))
LIE(sysv_outside, (without_gnu(t), t->dyn[TINY_DT_HASH].d_un.d_val = HUGE))
LIE(sysv_at_end, (without_gnu(t), t->dyn[TINY_DT_HASH].d_un.d_val = TINY_BIAS + PAST - 4))
LIE(sysv_buckets_0, (without_gnu(t), t->sysv.nr_buckets = 0))
LIE(sysv_buckets_max, (without_gnu(t), t->sysv.nr_buckets = ~0U))
LIE(sysv_symbols_0, (without_gnu(t), t->sysv.nr_symbols = 0))
LIE(sysv_cycle, (without_gnu(t), t->sysv.chain[TINY_MUNMAP] = TINY_MALLOC))
LIE(sysv_self, (without_gnu(t), t->sysv.chain[TINY_MALLOC] = TINY_MALLOC))
LIE(sysv_chain_past, (without_gnu(t), t->sysv.chain[TINY_MALLOC] = TINY_SYMBOLS))
LIE(sysv_chain_max, (without_gnu(t), t->sysv.chain[1] = ~1U, t->sysv.nr_symbols = ~0U))

/* === Symbols === */

LIE(name_past, t->sym[TINY_MALLOC].st_name = sizeof(t->strings))
LIE(name_max, t->sym[TINY_MALLOC].st_name = ~0U)
LIE(value_outside, t->sym[TINY_MALLOC].st_value = 8)
LIE(value_huge, t->sym[TINY_MALLOC].st_value = HUGE)
LIE(value_in_data, t->sym[TINY_MALLOC].st_value = TINY_VADDR(strings))
LIE(size_huge, t->sym[TINY_MALLOC].st_size = HUGE)
LIE(absolute, t->sym[TINY_MALLOC].st_shndx = SHN_ABS)
LIE(local, t->sym[TINY_MALLOC].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC))

/* The last string has no terminator: what looks like the name is none. */
static void unterminated(struct tiny *t)
{
	u32 at = sizeof(t->strings) - 6;

	memcpy(t->strings + at, "malloc", 6);
	t->sym[TINY_MALLOC].st_name = at;
}

/* === Section table, of a static program === */

LIE(static_true, tiny_make_static(t))
LIE(static_stripped, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_type = SHT_NULL))
LIE(static_shoff_0, (tiny_make_static(t), t->ehdr.e_shoff = 0))
LIE(static_shoff_huge, (tiny_make_static(t), t->ehdr.e_shoff = HUGE))
LIE(static_shnum_max, (tiny_make_static(t), t->ehdr.e_shnum = 0xffff))
LIE(static_shentsize_0, (tiny_make_static(t), t->ehdr.e_shentsize = 0))
LIE(static_symtab_past, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_offset = PAST + 1))
LIE(static_symtab_huge, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_size = HUGE))
LIE(static_entsize_0, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_entsize = 0))
LIE(static_link_past, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_link = TINY_SECTIONS))
LIE(static_link_max, (tiny_make_static(t), t->shdr[TINY_SYMTAB].sh_link = ~0U))
LIE(static_strings_huge, (tiny_make_static(t), t->shdr[TINY_STRTAB].sh_size = HUGE))
LIE(static_name_past, (tiny_make_static(t), t->sym[TINY_FREE].st_name = ~0U))

/* A library needs no symbol table, so that nothing is looked up in it. */
static void library_without_exports(struct tiny *t)
{
	t->dyn[TINY_DT_SYMTAB].d_tag = DT_DEBUG;
}

/* === Notes === */

static void section_only(struct tiny *t)
{
	t->phdr[TINY_NOTE].p_type = PT_NULL;
}

LIE(note_outside, t->phdr[TINY_NOTE].p_offset = PAST)
LIE(note_huge, t->phdr[TINY_NOTE].p_offset = HUGE)
LIE(note_size_huge, t->phdr[TINY_NOTE].p_filesz = HUGE)
LIE(note_name_max, t->note.head.n_namesz = ~0U)
LIE(note_desc_max, t->note.head.n_descsz = ~0U)
LIE(note_desc_past, t->note.head.n_descsz = TINY_ID_LEN + 1)
LIE(note_long, (t->phdr[TINY_NOTE].p_filesz = 200, t->note.head.n_descsz = 65))
LIE(note_empty, (t->note.head.n_descsz = 0,
		 t->phdr[TINY_NOTE].p_filesz = 16, t->shdr[TINY_SH_NOTE].sh_size = 16))
LIE(note_other_type, t->note.head.n_type = 1)
LIE(note_other_name, t->note.name[0] = 'g')
LIE(note_in_section, section_only(t))
LIE(section_note_huge, (section_only(t), t->shdr[TINY_SH_NOTE].sh_offset = HUGE))
LIE(section_note_past, (section_only(t), t->shdr[TINY_SH_NOTE].sh_size = PAST))

/* clang-format on */

/* What is told in words here is what the test is called. */
#define ROW(lie, ask, answer)          \
	{                              \
#lie, lie, ask, answer \
	}

static const struct lie lies[] = {
	ROW(truth, OPEN, 0),
	ROW(truth, FIND, ALL),
	ROW(truth, BUILD_ID, TINY_ID_LEN),
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
	ROW(sysv_true, FIND, ALL),
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
	ROW(unterminated, FIND, ALL - 1),
	ROW(static_true, FIND, ALL_STATIC),
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

static void test_lie(const struct lie *lie)
{
	static const char *const asked[] = { "open", "find", "build-id" };
	struct image image;
	struct tiny tiny;
	int got;

	tiny_make(&tiny);
	lie->tell(&tiny);
	image_copy(&image, &tiny, sizeof(tiny));
	got = answer(&image, lie->ask);
	tap_ok(got == lie->answer, "lie %s: %s answers %d (got %d)", lie->what, asked[lie->ask],
	       lie->answer, got);
	exercise_elf(&image, MLU_ELF_MIN_SCRATCH);
	image_free(&image);
}

/* === What nobody thought of === */

static void make(struct tiny *tiny, bool is_static)
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

	make(&tiny, is_static);
	for (len = 0; len < sizeof(tiny); len++)
		exercise_bytes(&tiny, len);
	tap_ok(true, "%s image cut off at each of %zu bytes is survived",
	       is_static ? "a static" : "a dynamic", len);
}

/* Not only each value of each byte, but also runs of 0xff, which make the widest numbers. */
static void test_every_byte(bool is_static, bool without_gnu_hash)
{
	struct tiny tiny;
	u8 *bytes = (u8 *)&tiny;
	size_t at;
	int add;

	for (at = 0; at < offsetof(struct tiny, text); at++) {
		for (add = 1; add < 256; add += 2) {
			make(&tiny, is_static);
			if (without_gnu_hash)
				without_gnu(&tiny);
			bytes[at] += add;
			exercise_bytes(&tiny, sizeof(tiny));
		}
		make(&tiny, is_static);
		memset(bytes + at, 0xff, 8);
		exercise_bytes(&tiny, sizeof(tiny));
	}
	tap_ok(true, "any byte changed in %s image%s is survived",
	       is_static ? "a static" : "a dynamic", without_gnu_hash ? " with DT_HASH" : "");
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lies); i++)
		test_lie(&lies[i]);
	test_every_length(false);
	test_every_length(true);
	test_every_byte(false, false);
	test_every_byte(false, true);
	test_every_byte(true, false);
	return tap_end();
}
