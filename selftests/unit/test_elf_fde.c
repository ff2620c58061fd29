// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_elf_fde: the look-up of unwind entries and of undefined symbols, on handmade images and, if
 * objects are named, compared with the index of all of their entries.
 *
 *	test_elf_fde [OBJECT...]
 */
#include "cfi_internal.h"
#include "exits_image.h"
#include "tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

/* Without a table each look-up reads the entries in front of it: try some of them. */
#define MAX_SCANS 200

static const struct exits_part parts[] = { { 0, 16, 0 }, { 16, 8, 0 }, { 32, 1, 0 } };
static const u8 code[64];

/* === Handmade images === */

static Elf64_Phdr *header_segment(struct image *image)
{
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)image->bytes;
	Elf64_Phdr *phdr = (Elf64_Phdr *)(image->bytes + ehdr->e_phoff);

	while (phdr->p_type != PT_GNU_EH_FRAME)
		phdr++;
	return phdr;
}

static u8 *header_bytes(struct image *image)
{
	return image->bytes + header_segment(image)->p_offset;
}

/* Byte @at of FDE number @i, after its length and the distance to its CIE; all have one size. */
static u8 *fde_bytes(struct image *image, unsigned int i)
{
	u8 *section = image->bytes + ASM_ADDR - EXITS_BIAS;
	u32 cie_len, fde_len;

	memcpy(&cie_len, section, sizeof(cie_len));
	memcpy(&fde_len, section + 4 + cie_len, sizeof(fde_len));
	return section + 4 + cie_len + i * (4 + fde_len);
}

static void keep_image(struct image *image)
{
	(void)image;
}

static void no_table(struct image *image)
{
	header_bytes(image)[3] = 0xff;
}

static void other_table(struct image *image)
{
	header_bytes(image)[3] = 0x1b;
}

static void no_header(struct image *image)
{
	header_segment(image)->p_type = PT_NULL;
}

static void header_cut(struct image *image)
{
	header_segment(image)->p_filesz = 12 + 2 * 8;
}

static void count_huge(struct image *image)
{
	memset(header_bytes(image) + 8, 0xff, 4);
}

static void count_zero(struct image *image)
{
	memset(header_bytes(image) + 8, 0, 4);
}

static void wrong_fde(struct image *image)
{
	memcpy(header_bytes(image) + 12 + 4, header_bytes(image) + 12 + 8 + 4, 4);
}

static void fde_outside(struct image *image)
{
	memset(header_bytes(image) + 12 + 4, 0x7f, 4);
}

static void length_huge(struct image *image)
{
	memset(fde_bytes(image, 0), 0xfe, 4);
}

static void length_long(struct image *image)
{
	memset(fde_bytes(image, 0), 0xff, 4);
}

static void length_zero(struct image *image)
{
	memset(fde_bytes(image, 0), 0, 4);
}

static void cie_outside(struct image *image)
{
	memset(fde_bytes(image, 0) + 4, 0x7f, 4);
}

static void cie_is_fde(struct image *image)
{
	u32 back = fde_bytes(image, 1) + 4 - fde_bytes(image, 0);

	memcpy(fde_bytes(image, 1) + 4, &back, 4);
}

static void code_wraps(struct image *image)
{
	/* The code's length is behind its address. */
	memset(fde_bytes(image, 0) + 12, 0xff, 4);
}

static const struct {
	const char *what;
	void (*change)(struct image *image);
	u32 offset;
	int found; /* number of the entry, or -1 */
} rows[] = {
	{ "the first byte of the first entry", keep_image, 0, 0 },
	{ "the last byte of the first entry", keep_image, 15, 0 },
	{ "the first byte of the second entry", keep_image, 16, 1 },
	{ "the last entry", keep_image, 32, 2 },
	{ "between two entries", keep_image, 24, -1 },
	{ "behind the last entry", keep_image, 33, -1 },
	{ "in front of the first entry", keep_image, -1, -1 },
	{ "no table: the first entry", no_table, 0, 0 },
	{ "no table: the last entry", no_table, 32, 2 },
	{ "no table: between two entries", no_table, 24, -1 },
	{ "a table with another encoding", other_table, 16, 1 },
	{ "no header, and no section table", no_header, 0, -1 },
	{ "a table that ends behind its segment", header_cut, 32, 2 },
	{ "a number of entries that is too large", count_huge, 32, 2 },
	{ "an empty table", count_zero, 0, -1 },
	{ "a table that leads to another entry", wrong_fde, 0, -1 },
	{ "a table that leads outside", fde_outside, 0, -1 },
	{ "an entry of a length behind the file", length_huge, 0, -1 },
	{ "an entry with a long length", length_long, 0, -1 },
	{ "the end of the section", length_zero, 0, -1 },
	{ "a CIE outside of the section", cie_outside, 0, -1 },
	{ "a CIE that is an FDE", cie_is_fde, 16, -1 },
	{ "code behind its end", code_wraps, 33, -1 },
};

static void test_row(unsigned int i)
{
	struct mlu_elf_unwind unwind;
	struct mlu_elf_fde fde = {};
	struct image image;
	bool good;
	int ret;

	exits_image_make(&image, code, sizeof(code), parts, ARRAY_SIZE(parts), EXITS_SORTED);
	rows[i].change(&image);
	good = !image_open(&image, MLU_ELF_MIN_SCRATCH) && !mlu_elf_unwind(&image.elf, &unwind);
	ret = good ? mlu_elf_fde(&image.elf, &unwind, (u64)ASM_CODE + (s32)rows[i].offset, &fde) :
		     -1;
	good &= ret == (rows[i].found >= 0);
	if (ret == 1 && rows[i].found >= 0)
		good &= fde.start == (u64)ASM_CODE + parts[rows[i].found].start &&
			fde.end == fde.start + parts[rows[i].found].len;
	tap_ok(good, "%s: %s", rows[i].what, rows[i].found >= 0 ? "found" : "not found");
	image_free(&image);
}

static void test_imports(void)
{
	static const char *const defined[] = { "exported", "guarded", "memcpy" };
	static const char *const undefined[] = { "exported", "memsetx" };
	static const char *const absent[] = { "memse", "memsetxy", "memset_" };
	struct image image;

	exits_image_make(&image, code, sizeof(code), parts, ARRAY_SIZE(parts), EXITS_SORTED);
	image_open(&image, 4096);
	tap_is(mlu_elf_imports(&image.elf, undefined, 2), 1, "an undefined symbol is found");
	tap_is(mlu_elf_imports(&image.elf, defined, 3), 0, "a defined symbol is no import");
	tap_is(mlu_elf_imports(&image.elf, absent, 3), 0, "similar names are not found");
	image.elf.dynamic.strtab = 1;
	tap_is(mlu_elf_imports(&image.elf, undefined, 2), -ENOEXEC, "no table of names");
	image.elf.dynamic.symtab = 0;
	tap_is(mlu_elf_imports(&image.elf, undefined, 2), 0, "no dynamic symbols");
	image_free(&image);
}

/* === Real objects === */

static bool is_covered(struct image *image, const struct mlu_elf_unwind *unwind, u64 vaddr,
		       u64 start, u64 end)
{
	struct mlu_elf_fde seen = {};
	int ret = mlu_elf_fde(&image->elf, unwind, vaddr, &seen);

	if (ret == 1 && seen.start == start && seen.end == end)
		return true;
	tap_note("%#llx in [%#llx, %#llx): seen %d [%#llx, %#llx)", vaddr, start, end, ret,
		 seen.start, seen.end);
	return false;
}

/* Look up the first and the last address of each @step-th entry. */
static bool compare_entries(struct image *image, const struct mlu_elf_unwind *unwind,
			    const struct mlu_cfi *cfi, u32 step)
{
	struct mlu_cfi_fde fde = {};
	bool good = true;
	u32 i;

	for (i = 0; i < cfi->nr && good; i += step) {
		good = !mlu_cfi_fde_at(cfi, cfi->table[i].fde, &fde) &&
		       is_covered(image, unwind, fde.start, fde.start, fde.start + fde.len) &&
		       is_covered(image, unwind, fde.start + fde.len - 1, fde.start,
				  fde.start + fde.len);
	}
	return good;
}

static void test_object(const char *path)
{
	struct mlu_cfi_entry *table, *spare;
	struct mlu_elf_unwind unwind;
	struct image image;
	struct mlu_cfi cfi;
	u32 nr;

	if (!image_load(&image, path) || image_open(&image, 4096) ||
	    mlu_elf_unwind(&image.elf, &unwind)) {
		tap_ok(false, "%s: the object can be read", path);
		return;
	}
	mlu_cfi_init(&cfi, image.bytes + unwind.offset, unwind.size, unwind.vaddr);
	nr = mlu_cfi_count(&cfi, U32_MAX);
	table = calloc(nr + 1, sizeof(*table));
	spare = calloc(nr + 1, sizeof(*spare));
	mlu_cfi_index(&cfi, table, spare, nr);
	tap_ok(compare_entries(&image, &unwind, &cfi, 1),
	       "%s: the entries of all addresses are found, %u entries", path, cfi.nr);
	image.elf.phnum = 0;
	tap_ok(compare_entries(&image, &unwind, &cfi, 1 + cfi.nr / MAX_SCANS),
	       "%s: the entries of some addresses are found without a table", path);
	free(table);
	free(spare);
	image_free(&image);
}

int main(int argc, char **argv)
{
	unsigned int n;
	int i;

	for (n = 0; n < ARRAY_SIZE(rows); n++)
		test_row(n);
	test_imports();
	for (i = 1; i < argc; i++)
		test_object(argv[i]);
	return tap_end();
}
