// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_handlers: read the exception handlers of a function from its table in .gcc_except_table.
 *
 * An entry of the unwind data may refer to a table of call sites, each with the address of the code
 * at which the function continues after an exception in the call: a landing pad. No instruction
 * leads there.
 *
 * Source: the "LSDA" of GCC's and LLVM's exception handling for C++, as read by their personality
 * routines; the Itanium C++ ABI, level II, does not specify it.
 *
 * Pure, see elf.h.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "cfi_internal.h"
#include "elf_internal.h"

/* The longest header: three encodings, an address, two numbers; and the longest call site. */
#define MAX_BYTES 48

/* Some bytes of the table, and a reader of them. */
struct table_piece {
	u8 bytes[MAX_BYTES];
	struct mlu_cfi cfi;
	struct mlu_cfi_reader r;
};

static int read_piece(struct mlu_elf *elf, u64 vaddr, u64 max, struct table_piece *piece)
{
	u64 offset, extent;
	size_t len;

	if (!mlu_elf_extent(elf, vaddr, false, &offset, &extent))
		return -ENOEXEC;
	len = min_t(u64, min(extent, max), sizeof(piece->bytes));
	mlu_cfi_init(&piece->cfi, piece->bytes, len, vaddr);
	piece->r = (struct mlu_cfi_reader){ .data = piece->bytes, .end = len };
	return mlu_elf_copy(elf, offset, piece->bytes, len);
}

static bool read_number(struct table_piece *piece, u8 encoding, u64 *number)
{
	return mlu_cfi_address(&piece->cfi, &piece->r, encoding, number) == MLU_CFI_OK;
}

/**
 * mlu_elf_handlers() - begin to read a table of exception handlers
 * @elf: an opened image
 * @fde: an entry that refers to a table
 * @handlers: what to fill
 *
 * Return: 0; -ENOEXEC if the table cannot be read; or the error of the source.
 */
int mlu_elf_handlers(struct mlu_elf *elf, const struct mlu_elf_fde *fde,
		     struct mlu_elf_handlers *handlers)
{
	struct table_piece piece;
	u8 encoding;
	int err;

	memset(handlers, 0, sizeof(*handlers));
	err = fde->handlers ? read_piece(elf, fde->handlers, MAX_BYTES, &piece) : -ENOEXEC;
	if (err)
		return err;
	handlers->base = fde->start;
	encoding = mlu_cfi_byte(&piece.r);
	if (encoding != MLU_CFI_OMIT && !read_number(&piece, encoding, &handlers->base))
		return -ENOEXEC;
	/* The distance to the table of types, which is not needed. */
	if (mlu_cfi_byte(&piece.r) != MLU_CFI_OMIT)
		mlu_cfi_uleb(&piece.r);
	handlers->encoding = mlu_cfi_byte(&piece.r);
	handlers->left = mlu_cfi_uleb(&piece.r);
	handlers->vaddr = fde->handlers + piece.r.pos;
	if (piece.r.failed || handlers->encoding & ~MLU_CFI_FORMAT)
		return -ENOEXEC;
	return 0;
}

/**
 * mlu_elf_next_handler() - read the next call site of a table
 * @elf: an opened image
 * @handlers: what mlu_elf_handlers() has filled
 * @vaddr: set to the address of the call site's landing pad, or to 0 if it has no landing pad
 *
 * Return: 1; 0 at the end of the table; -ENOEXEC if it is malformed; or the error of the source.
 */
int mlu_elf_next_handler(struct mlu_elf *elf, struct mlu_elf_handlers *handlers, u64 *vaddr)
{
	struct table_piece piece;
	u64 start, len, handler;
	int err;

	if (!handlers->left)
		return 0;
	err = read_piece(elf, handlers->vaddr, handlers->left, &piece);
	if (err)
		return err;
	if (!read_number(&piece, handlers->encoding, &start) ||
	    !read_number(&piece, handlers->encoding, &len) ||
	    !read_number(&piece, handlers->encoding, &handler))
		return -ENOEXEC;
	/* The handler's action, which is not needed. */
	mlu_cfi_uleb(&piece.r);
	if (piece.r.failed)
		return -ENOEXEC;
	handlers->vaddr += piece.r.pos;
	handlers->left -= piece.r.pos;
	*vaddr = handler ? handlers->base + handler : 0;
	return 1;
}
