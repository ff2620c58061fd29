// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_fde: find the entry of the unwind data (FDE) that covers an address, which is the extent of a
 * function or of a part of one.
 *
 * Linkers write a table of all entries, sorted by address, behind the header of .eh_frame_hdr. It
 * is searched if its addresses are relative to the header and 4 bytes long, which they always are.
 * What it leads to is not trusted: the entry itself must cover the address. Without such a table
 * the entries are read one by one.
 *
 * cfi.c parses an entry and its CIE, which may be megabytes apart in the file. Their first bytes
 * are copied to a small section of their own, in which their lengths and distance are adapted.
 *
 * Source: Linux Standard Base Core 5.0, 10.6 (.eh_frame and .eh_frame_hdr).
 *
 * Pure, see elf.h. Entries with a length of 8 bytes are not found; compilers emit none.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "cfi_internal.h"
#include "elf_internal.h"

/* Entries that are read without a table; those of a large static program without one. */
#define MAX_ENTRIES (128 * 1024)

/* DW_EH_PE_: formats of the header's numbers. */
#define PE_FORMAT_SIZE8 0x04 /* udata8 is 4, sdata8 is 12 */
#define PE_UDATA4 0x03
#define PE_SDATA4_DATAREL 0x3b

#define LONG_LENGTH 0xffffffff

/* The first bytes of an entry: its length, and what leads to its CIE. */
struct entry_head {
	u32 len;
	u32 back;
};

/* The first bytes of a CIE and of its FDE, each with the factors and addresses that are read. */
#define CIE_BYTES 128
#define FDE_BYTES 64

struct entry_copy {
	u8 cie[CIE_BYTES];
	u8 fde[FDE_BYTES];
};

struct fde_search {
	struct mlu_elf *elf;
	const struct mlu_elf_unwind *unwind;
	u64 vaddr;
	struct mlu_elf_fde *fde;
};

/* === One entry === */

/* Copy the first bytes of the entry at position @pos and shorten its length to them. */
static int copy_entry(struct fde_search *s, struct mlu_elf_window *win, u64 pos, u8 *to, size_t max)
{
	struct entry_head head;
	const void *bytes;
	size_t len;

	bytes = mlu_elf_bytes(s->elf, win, s->unwind->offset + pos, sizeof(head));
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	memcpy(&head, bytes, sizeof(head));
	if (head.len < sizeof(head.back) || head.len == LONG_LENGTH ||
	    pos + sizeof(head.len) + head.len > s->unwind->size)
		return -ENOEXEC;
	len = min_t(u64, (u64)head.len + sizeof(head.len), max);
	bytes = mlu_elf_bytes(s->elf, win, s->unwind->offset + pos, len);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	memcpy(to, bytes, len);
	head.len = len - sizeof(head.len);
	memcpy(to, &head.len, sizeof(head.len));
	return 0;
}

/* The address of the table is in the augmentation data; 0 stands for no table. */
static void take_handlers(const struct mlu_cfi *cfi, const struct mlu_cfi_fde *fde,
			  struct mlu_elf_fde *result)
{
	struct mlu_cfi_reader r = { .data = cfi->data,
				    .pos = fde->data,
				    .end = fde->data + fde->data_len };
	u8 encoding = fde->cie.handlers_encoding;
	struct mlu_cfi_reader again = r;
	u64 number;

	if (encoding == MLU_CFI_OMIT || !fde->data_len)
		return;
	result->has_handlers = mlu_cfi_address(cfi, &again, encoding & MLU_CFI_FORMAT, &number) ||
			       number;
	if (mlu_cfi_address(cfi, &r, encoding, &result->handlers))
		result->handlers = 0;
}

/*
 * Returns 1 if the entry at position @pos of the section covers the address. The two windows are
 * used for FDEs and CIEs, so that consecutive FDEs with the same CIE need no further reads.
 */
static int try_entry(struct fde_search *s, u64 pos)
{
	u64 back_at = pos + sizeof(u32);
	struct mlu_cfi_fde fde = {};
	struct entry_copy copy = {};
	struct mlu_cfi cfi;
	u32 back;
	int err;

	err = copy_entry(s, &s->elf->tables, pos, copy.fde, sizeof(copy.fde));
	if (err)
		return err;
	memcpy(&back, copy.fde + sizeof(u32), sizeof(back));
	if (!back || back > back_at)
		return 0;
	err = copy_entry(s, &s->elf->strings, back_at - back, copy.cie, sizeof(copy.cie));
	if (err)
		return err;
	back = offsetof(struct entry_copy, fde) + sizeof(u32);
	memcpy(copy.fde + sizeof(u32), &back, sizeof(back));
	/* Addresses are relative to their position: the FDE has that of the file. */
	mlu_cfi_init(&cfi, copy.cie, sizeof(copy),
		     s->unwind->vaddr + pos - offsetof(struct entry_copy, fde));
	if (mlu_cfi_fde_at(&cfi, offsetof(struct entry_copy, fde), &fde) != MLU_CFI_OK ||
	    fde.len > U64_MAX - fde.start || s->vaddr < fde.start ||
	    s->vaddr - fde.start >= fde.len)
		return 0;
	memset(s->fde, 0, sizeof(*s->fde));
	s->fde->start = fde.start;
	s->fde->end = fde.start + fde.len;
	take_handlers(&cfi, &fde, s->fde);
	return 1;
}

/* === The table === */

struct table_head {
	u8 version;
	u8 pointer_encoding;
	u8 count_encoding;
	u8 table_encoding;
};

/* An entry of the table; both are relative to the header. */
struct table_entry {
	s32 start;
	s32 fde;
};

/* The table: its address in the ELF file, the header's, and the number of its entries. */
struct fde_table {
	u64 vaddr;
	struct mlu_elf_table entries;
	u32 nr;
};

static int find_header(struct mlu_elf *elf, Elf64_Phdr *phdr)
{
	unsigned int i;
	int err;

	for (i = 0; i < elf->phnum; i++) {
		err = mlu_elf_segment(elf, i, phdr);
		if (err)
			return err;
		if (phdr->p_type == PT_GNU_EH_FRAME)
			return 1;
	}
	return 0;
}

/* Returns 1 if there is a table that can be searched. */
static int find_table(struct mlu_elf *elf, struct fde_table *table)
{
	struct mlu_elf_table header;
	struct table_head head;
	Elf64_Phdr phdr;
	u64 count_at;
	int ret;

	ret = find_header(elf, &phdr);
	if (ret <= 0)
		return ret;
	header.offset = phdr.p_offset;
	header.len = phdr.p_filesz;
	ret = mlu_elf_entry(elf, &header, 0, &head, sizeof(head));
	if (ret)
		return ret;
	if (head.version != 1 || head.count_encoding != PE_UDATA4 ||
	    head.table_encoding != PE_SDATA4_DATAREL)
		return 0;
	/* The pointer to the section is between the header and the number of entries. */
	count_at = sizeof(head) + ((head.pointer_encoding & 7) == PE_FORMAT_SIZE8 ? 8 : 4);
	ret = mlu_elf_entry(elf, &header, count_at, &table->nr, sizeof(table->nr));
	if (ret)
		return ret;
	count_at += sizeof(table->nr);
	if (table->nr > (header.len - count_at) / sizeof(struct table_entry))
		return 0;
	table->vaddr = phdr.p_vaddr;
	table->entries.offset = header.offset + count_at;
	table->entries.len = header.len - count_at;
	return 1;
}

static int read_entry(struct mlu_elf *elf, const struct fde_table *table, u32 i,
		      struct table_entry *entry)
{
	return mlu_elf_entry(elf, &table->entries, i * (u64)sizeof(*entry), entry, sizeof(*entry));
}

/* Try the last entry that starts at or before the address. */
static int search_table(struct fde_search *s, const struct fde_table *table)
{
	u32 low = 0, high = table->nr, middle;
	struct table_entry entry, best = {};
	u64 pos;
	int err;

	while (low < high) {
		middle = low + (high - low) / 2;
		err = read_entry(s->elf, table, middle, &entry);
		if (err)
			return err;
		if (table->vaddr + entry.start > s->vaddr) {
			high = middle;
		} else {
			low = middle + 1;
			best = entry;
		}
	}
	pos = table->vaddr + best.fde - s->unwind->vaddr;
	if (!low || pos >= s->unwind->size)
		return 0;
	return try_entry(s, pos);
}

/* === Without a table === */

static int scan_entries(struct fde_search *s)
{
	u64 pos = 0;
	unsigned int i;
	u32 len;
	int ret;

	for (i = 0; i < MAX_ENTRIES && pos < s->unwind->size; i++) {
		ret = mlu_elf_copy(s->elf, s->unwind->offset + pos, &len, sizeof(len));
		if (ret)
			return ret;
		/* A length of 0 ends the section. */
		if (!len || len == LONG_LENGTH)
			return 0;
		ret = try_entry(s, pos);
		if (ret && ret != -ENOEXEC)
			return ret;
		pos += sizeof(len) + (u64)len;
	}
	return 0;
}

/**
 * mlu_elf_fde() - find the entry of the unwind data that covers an address
 * @elf: an opened image
 * @unwind: what mlu_elf_unwind() found
 * @vaddr: the address in the ELF file
 * @fde: set to the entry
 *
 * Without a table, at most 128 thousand entries are read.
 *
 * Return: 1; 0 if no entry covers it; or the error of the source.
 */
int mlu_elf_fde(struct mlu_elf *elf, const struct mlu_elf_unwind *unwind, u64 vaddr,
		struct mlu_elf_fde *fde)
{
	struct fde_search s = { .elf = elf, .unwind = unwind, .vaddr = vaddr, .fde = fde };
	struct fde_table table;
	int ret;

	if (!unwind->size)
		return 0;
	ret = find_table(elf, &table);
	if (ret < 0 && ret != -ENOEXEC)
		return ret;
	ret = ret == 1 ? search_table(&s, &table) : scan_entries(&s);
	return ret == -ENOEXEC ? 0 : ret;
}
