// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_bytes: checked reads of an ELF image, by file offset, by address and by table.
 *
 * Pure, see elf.h. Every other file of the ELF reader reads through these functions. Arithmetic is
 * on u64 and in the order "a <= size, then b <= size - a", so that it cannot overflow.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

/**
 * mlu_elf_in_file() - are bytes in the file
 * @elf: an image, of which the source is set
 * @off: offset of the first byte in the file
 * @len: how many bytes
 *
 * Return: true if all of them are.
 */
bool mlu_elf_in_file(const struct mlu_elf *elf, u64 off, u64 len)
{
	return off <= elf->src->size && len <= elf->src->size - off;
}

/**
 * mlu_elf_bytes() - get bytes of the file through a window
 * @elf: an image, of which source and windows are set
 * @win: one of its windows
 * @off: offset of the first byte in the file
 * @len: how many bytes, at most the window's size
 *
 * Return: the bytes, unaligned and valid until the next use of the window; ERR_PTR(-ENOEXEC) if
 * they are not in the file or too many; or the error of the source.
 */
const void *mlu_elf_bytes(struct mlu_elf *elf, struct mlu_elf_window *win, u64 off, size_t len)
{
	size_t fill;
	int err;

	if (!mlu_elf_in_file(elf, off, len) || len > win->size)
		return ERR_PTR(-ENOEXEC);
	if (off >= win->offset && off - win->offset <= win->len &&
	    len <= win->len - (off - win->offset))
		return win->buf + (off - win->offset);
	fill = min_t(u64, win->size, elf->src->size - off);
	win->len = 0;
	err = elf->src->read(elf->src, off, win->buf, fill);
	if (err)
		return ERR_PTR(err);
	win->offset = off;
	win->len = fill;
	return win->buf;
}

/**
 * mlu_elf_copy() - copy a header or the entry of a table
 * @elf: an image, of which source and windows are set
 * @off: its offset in the file, of any alignment
 * @to: where to copy it
 * @len: its length
 *
 * Return: 0; -ENOEXEC if it is not in the file; or the error of the source.
 */
int mlu_elf_copy(struct mlu_elf *elf, u64 off, void *to, size_t len)
{
	const void *bytes = mlu_elf_bytes(elf, &elf->tables, off, len);

	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	memcpy(to, bytes, len);
	return 0;
}

/* === Addresses === */

/**
 * mlu_elf_vaddr() - convert a file offset to an address in the ELF file
 * @load: the segments of an image
 * @nr: how many
 * @offset: the file offset
 * @exec: look into executable segments only
 * @vaddr: the address, as addr2line takes it
 *
 * Return: true if the offset is in a segment.
 */
bool mlu_elf_vaddr(const struct mlu_elf_load *load, unsigned int nr, u64 offset, bool exec,
		   u64 *vaddr)
{
	for (; nr; nr--, load++) {
		if ((exec && !load->exec) || offset < load->offset ||
		    offset - load->offset >= load->filesz)
			continue;
		*vaddr = load->vaddr + (offset - load->offset);
		return true;
	}
	return false;
}

/**
 * mlu_elf_extent() - find the bytes of an address
 * @elf: an image, of which the segments are read
 * @vaddr: the address in the ELF file
 * @exec: look into executable segments only
 * @offset: the file offset of the byte at @vaddr
 * @len: how many bytes there are from it to the end of its segment, all of them in the file
 *
 * Return: true if the address is in the file's part of a segment.
 */
bool mlu_elf_extent(const struct mlu_elf *elf, u64 vaddr, bool exec, u64 *offset, u64 *len)
{
	const struct mlu_elf_load *load = elf->load;
	unsigned int i;

	for (i = 0; i < elf->nr_loads; i++, load++) {
		if ((exec && !load->exec) || vaddr < load->vaddr ||
		    vaddr - load->vaddr >= load->filesz)
			continue;
		*offset = load->offset + (vaddr - load->vaddr);
		*len = load->filesz - (vaddr - load->vaddr);
		return true;
	}
	return false;
}

/* === Tables === */

/**
 * mlu_elf_table_at() - find a table by its address
 * @elf: an opened image
 * @vaddr: the table's address in the ELF file
 * @table: the table, up to the end of its segment
 *
 * Return: true if the address is in the file's part of a segment.
 */
bool mlu_elf_table_at(const struct mlu_elf *elf, u64 vaddr, struct mlu_elf_table *table)
{
	return mlu_elf_extent(elf, vaddr, false, &table->offset, &table->len);
}

/**
 * mlu_elf_entry() - copy a piece of a table
 * @elf: an opened image
 * @table: the table
 * @at: offset of the piece in the table
 * @to: where to copy it
 * @len: its length
 *
 * Return: 0; -ENOEXEC if it is not in the table; or the error of the source.
 */
int mlu_elf_entry(struct mlu_elf *elf, const struct mlu_elf_table *table, u64 at, void *to,
		  size_t len)
{
	if (at > table->len || len > table->len - at)
		return -ENOEXEC;
	return mlu_elf_copy(elf, table->offset + at, to, len);
}

/**
 * mlu_elf_is_name() - is a string of a table one of some names
 * @elf: an opened image
 * @strings: the table
 * @at: position of the string
 * @names: the names, each at most MLU_ELF_MAX_NAME long
 * @nr: how many
 *
 * Return: 1 if it is, 0 if not; -ENOEXEC if it is not in the table; or the error of the source.
 */
int mlu_elf_is_name(struct mlu_elf *elf, const struct mlu_elf_table *strings, u64 at,
		    const char *const *names, unsigned int nr)
{
	const char *string;
	unsigned int i;
	size_t len;

	if (at >= strings->len)
		return -ENOEXEC;
	len = min_t(u64, MLU_ELF_MAX_NAME + 1, strings->len - at);
	string = mlu_elf_bytes(elf, &elf->strings, strings->offset + at, len);
	if (IS_ERR(string))
		return PTR_ERR(string);
	if (!memchr(string, 0, len))
		return 0;
	for (i = 0; i < nr; i++)
		if (!strcmp(string, names[i]))
			return 1;
	return 0;
}

/* === Functions === */

/**
 * mlu_elf_is_function() - is a symbol a function that this object defines
 * @symbol: the symbol
 *
 * Return: true if it is; false also for an IFUNC, whose value is the address of a resolver.
 */
bool mlu_elf_is_function(const Elf64_Sym *symbol)
{
	return (symbol->st_info & 15) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx < SHN_LORESERVE;
}

/**
 * mlu_elf_code() - read the first bytes of a function
 * @elf: an opened image
 * @sym: a symbol that mlu_elf_find() found
 * @buf: where to put them
 * @max: the size of @buf
 * @whole: set if the function's size is known and all of it was read
 *
 * Reads at most @max bytes and none behind the function or, if its size is unknown, its segment.
 *
 * Return: how many bytes, at least 1, or the error of the source.
 */
int mlu_elf_code(struct mlu_elf *elf, const struct mlu_elf_symbol *sym, u8 *buf, size_t max,
		 bool *whole)
{
	u64 offset, len;
	int err;

	*whole = false;
	if (!max || !sym->found || !mlu_elf_extent(elf, sym->value, true, &offset, &len))
		return -EINVAL;
	len = min_t(u64, len, min_t(size_t, max, INT_MAX));
	if (sym->size)
		len = min(len, sym->size);
	err = elf->src->read(elf->src, offset, buf, len);
	if (err)
		return err;
	*whole = len == sym->size;
	return len;
}
