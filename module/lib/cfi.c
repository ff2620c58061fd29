// SPDX-License-Identifier: GPL-2.0-only
/*
 * cfi: read the entries of an .eh_frame section.
 *
 * A section is a sequence of entries. Each starts with its length, in 4 bytes, or in 8 bytes behind
 * 0xffffffff, and with a word that is 0 in a CIE and the distance back to its CIE in an FDE. A CIE
 * specifies the format of its FDEs and their first operations, an FDE the code that it covers. A
 * length of 0 ends the section.
 *
 * Source: Linux Standard Base Core 5.0, 10.6.1; DWARF 5, 6.4.1.
 *
 * Pure and hostile, see cfi.h.
 */
#include <linux/kernel.h>

#include "cfi_internal.h"

/* DW_EH_PE_: format of an address, and what it is relative to. */
#define PE_ABSPTR 0x00
#define PE_ULEB128 0x01
#define PE_UDATA2 0x02
#define PE_UDATA4 0x03
#define PE_UDATA8 0x04
#define PE_SLEB128 0x09
#define PE_SDATA2 0x0a
#define PE_SDATA4 0x0b
#define PE_SDATA8 0x0c
#define PE_BASE 0x70
#define PE_PCREL 0x10
#define PE_ALIGNED 0x50
#define PE_INDIRECT 0x80

const char *const mlu_cfi_refusal_names[MLU_CFI_NR_REFUSALS] = {
	[MLU_CFI_OK] = "ok",
	[MLU_CFI_NO_ENTRY] = "no_entry",
	[MLU_CFI_TRUNCATED] = "truncated",
	[MLU_CFI_VERSION] = "version",
	[MLU_CFI_AUGMENTATION] = "augmentation",
	[MLU_CFI_ENCODING] = "encoding",
	[MLU_CFI_REGISTER] = "register",
	[MLU_CFI_OPERATION] = "operation",
	[MLU_CFI_TOO_LONG] = "too_long",
	[MLU_CFI_STATES] = "states",
	[MLU_CFI_RANGE] = "range",
};

/* === Numbers === */

/* Bytes of a LEB128 number of 64 bits. Longer ones are refused. */
#define MAX_NUMBER 10

/* Reads up to @last, the first byte without the highest bit; bits beyond 64 are dropped. */
static u64 read_leb(struct mlu_cfi_reader *r, unsigned int *bits, u8 *last)
{
	u64 value = 0;

	for (*bits = 0; *bits < 7 * MAX_NUMBER;) {
		*last = mlu_cfi_byte(r);
		value |= (u64)(*last & 0x7f) << *bits;
		*bits += 7;
		if (!(*last & 0x80))
			return value;
	}
	r->failed = true;
	return 0;
}

/**
 * mlu_cfi_uleb() - read an unsigned LEB128 number
 * @r: the reader; failed if the number is too long or truncated
 *
 * Return: the number, 0 on failure.
 */
u64 mlu_cfi_uleb(struct mlu_cfi_reader *r)
{
	unsigned int bits;
	u8 last;

	return read_leb(r, &bits, &last);
}

/**
 * mlu_cfi_sleb() - read a signed LEB128 number
 * @r: the reader; failed if the number is too long or truncated
 *
 * Return: the number, meaningless on failure.
 */
s64 mlu_cfi_sleb(struct mlu_cfi_reader *r)
{
	unsigned int bits;
	u8 last;
	u64 value = read_leb(r, &bits, &last);

	if (bits < 64 && last & 0x40)
		value |= ~0ULL << bits;
	return value;
}

static enum mlu_cfi_refusal read_format(struct mlu_cfi_reader *r, u8 format, u64 *value)
{
	switch (format) {
	case PE_ABSPTR:
	case PE_UDATA8:
	case PE_SDATA8:
		*value = mlu_cfi_fixed(r, 8);
		break;
	case PE_UDATA4:
		*value = mlu_cfi_fixed(r, 4);
		break;
	case PE_SDATA4:
		*value = (s64)(s32)mlu_cfi_fixed(r, 4);
		break;
	case PE_UDATA2:
		*value = mlu_cfi_fixed(r, 2);
		break;
	case PE_SDATA2:
		*value = (s64)(s16)mlu_cfi_fixed(r, 2);
		break;
	case PE_ULEB128:
		*value = mlu_cfi_uleb(r);
		break;
	case PE_SLEB128:
		*value = mlu_cfi_sleb(r);
		break;
	default:
		return MLU_CFI_ENCODING;
	}
	return r->failed ? MLU_CFI_TRUNCATED : MLU_CFI_OK;
}

/**
 * mlu_cfi_address() - read the address of code
 * @cfi: the section
 * @r: a reader of the section
 * @encoding: DW_EH_PE_ encoding of the address: absolute, or relative to its own position
 * @value: the address in the ELF file
 *
 * Return: MLU_CFI_OK, MLU_CFI_ENCODING or MLU_CFI_TRUNCATED.
 */
enum mlu_cfi_refusal mlu_cfi_address(const struct mlu_cfi *cfi, struct mlu_cfi_reader *r,
				     u8 encoding, u64 *value)
{
	u64 here = cfi->addr + r->pos;
	enum mlu_cfi_refusal refusal;

	if (encoding & PE_INDIRECT || ((encoding & PE_BASE) && (encoding & PE_BASE) != PE_PCREL))
		return MLU_CFI_ENCODING;
	refusal = read_format(r, encoding & MLU_CFI_FORMAT, value);
	if (encoding & PE_BASE)
		*value += here;
	return refusal;
}

/* Skip the address of a personality routine, which is not needed here. */
static enum mlu_cfi_refusal skip_pointer(const struct mlu_cfi *cfi, struct mlu_cfi_reader *r,
					 u8 encoding)
{
	u64 here = cfi->addr + r->pos, unused;

	if (encoding == MLU_CFI_OMIT)
		return MLU_CFI_OK;
	if ((encoding & PE_BASE) == PE_ALIGNED) {
		mlu_cfi_skip(r, ALIGN(here, 8) - here + 8);
		return r->failed ? MLU_CFI_TRUNCATED : MLU_CFI_OK;
	}
	return read_format(r, encoding & MLU_CFI_FORMAT, &unused);
}

/* === Entries === */

/* Set @r to an entry's body, behind its length. False at the end of the section. */
static bool entry_at(const struct mlu_cfi *cfi, u32 pos, struct mlu_cfi_reader *r, bool *is_long)
{
	u64 len;

	r->data = cfi->data;
	r->pos = pos;
	r->end = cfi->size;
	r->failed = pos > cfi->size;
	if (r->failed)
		return false;
	len = mlu_cfi_fixed(r, 4);
	*is_long = len == 0xffffffff;
	if (*is_long)
		len = mlu_cfi_fixed(r, 8);
	if (r->failed || !len || len > mlu_cfi_left(r))
		return false;
	r->end = r->pos + len;
	return true;
}

/* After 'z' comes a length, which bounds the data of the letters that follow. */
static enum mlu_cfi_refusal read_augmentation(const struct mlu_cfi *cfi, struct mlu_cfi_reader *r,
					      const u8 *letters, struct mlu_cfi_cie *cie)
{
	struct mlu_cfi_reader data = *r;
	u64 len = mlu_cfi_uleb(&data);
	enum mlu_cfi_refusal refusal;

	if (data.failed || len > mlu_cfi_left(&data))
		return MLU_CFI_TRUNCATED;
	data.end = data.pos + len;
	r->pos = data.end;
	cie->augmented = true;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			cie->encoding = mlu_cfi_byte(&data);
			break;
		case 'P':
			refusal = skip_pointer(cfi, &data, mlu_cfi_byte(&data));
			if (refusal)
				return refusal;
			break;
		case 'L':
			cie->handlers_encoding = mlu_cfi_byte(&data);
			break;
		case 'S':
			cie->signal = true;
			break;
		default:
			return MLU_CFI_AUGMENTATION;
		}
	}
	return data.failed ? MLU_CFI_TRUNCATED : MLU_CFI_OK;
}

static enum mlu_cfi_refusal read_cie(const struct mlu_cfi *cfi, u32 pos, struct mlu_cfi_cie *cie)
{
	u64 code_align, return_column;
	enum mlu_cfi_refusal refusal;
	struct mlu_cfi_reader r;
	const u8 *letters;
	s64 data_align;
	bool is_long;
	u8 version;

	/* In an FDE the word behind the length is not 0. */
	if (!entry_at(cfi, pos, &r, &is_long) || mlu_cfi_fixed(&r, is_long ? 8 : 4))
		return MLU_CFI_TRUNCATED;
	memset(cie, 0, sizeof(*cie));
	cie->handlers_encoding = MLU_CFI_OMIT;
	version = mlu_cfi_byte(&r);
	if (version != 1 && version != 3 && version != 4)
		return MLU_CFI_VERSION;
	letters = r.data + r.pos;
	while (mlu_cfi_byte(&r))
		;
	if (r.failed)
		return MLU_CFI_TRUNCATED;
	/* Sizes of addresses and segments, of which only one combination is supported. */
	if (version == 4 && (mlu_cfi_byte(&r) != 8 || mlu_cfi_byte(&r)))
		return MLU_CFI_VERSION;
	code_align = mlu_cfi_uleb(&r);
	data_align = mlu_cfi_sleb(&r);
	return_column = version == 1 ? mlu_cfi_byte(&r) : mlu_cfi_uleb(&r);
	if (r.failed)
		return MLU_CFI_TRUNCATED;
	if (code_align > U16_MAX || data_align < S16_MIN || data_align > S16_MAX)
		return MLU_CFI_RANGE;
	cie->code_align = code_align;
	cie->data_align = data_align;
	if (return_column != MLU_CFI_RA)
		return MLU_CFI_REGISTER;
	if (*letters && *letters != 'z')
		return MLU_CFI_AUGMENTATION;
	refusal = *letters ? read_augmentation(cfi, &r, letters + 1, cie) : MLU_CFI_OK;
	cie->ops = r.pos;
	cie->ops_end = r.end;
	return refusal;
}

/**
 * mlu_cfi_fde_at() - read the FDE at a position
 * @cfi: the section
 * @pos: position of its length
 * @fde: what to fill; zeroed, or what an earlier call for the same section left, so that the CIE of
 *	consecutive FDEs is read once
 *
 * Return: MLU_CFI_OK; MLU_CFI_NO_ENTRY if the entry is a CIE; or why it is malformed.
 */
enum mlu_cfi_refusal mlu_cfi_fde_at(const struct mlu_cfi *cfi, u32 pos, struct mlu_cfi_fde *fde)
{
	enum mlu_cfi_refusal refusal;
	struct mlu_cfi_reader r;
	u64 back, data_len;
	bool is_long;
	u32 at;

	if (!entry_at(cfi, pos, &r, &is_long))
		return MLU_CFI_TRUNCATED;
	at = r.pos;
	back = mlu_cfi_fixed(&r, is_long ? 8 : 4);
	if (r.failed || back > at)
		return MLU_CFI_TRUNCATED;
	if (!back)
		return MLU_CFI_NO_ENTRY;
	if (!fde->has_cie || fde->cie_pos != at - back) {
		refusal = read_cie(cfi, at - back, &fde->cie);
		fde->has_cie = refusal == MLU_CFI_OK;
		fde->cie_pos = at - back;
		if (refusal)
			return refusal;
	}
	refusal = mlu_cfi_address(cfi, &r, fde->cie.encoding, &fde->start);
	if (refusal)
		return refusal;
	/* A length has the format of an address, but is never relative. */
	refusal = read_format(&r, fde->cie.encoding & MLU_CFI_FORMAT, &fde->len);
	if (refusal)
		return refusal;
	data_len = fde->cie.augmented ? mlu_cfi_uleb(&r) : 0;
	fde->data = r.pos;
	fde->data_len = data_len;
	mlu_cfi_skip(&r, data_len);
	fde->ops = r.pos;
	fde->ops_end = r.end;
	return r.failed ? MLU_CFI_TRUNCATED : MLU_CFI_OK;
}

/* === The section === */

/**
 * mlu_cfi_init() - set the section
 * @cfi: what to fill; refers to @data
 * @data: the section
 * @size: its size; its contents may be shorter: they end at a length of zero, or where there is no
 *	valid entry
 * @addr: address of the first byte in the ELF file
 */
void mlu_cfi_init(struct mlu_cfi *cfi, const u8 *data, u32 size, u64 addr)
{
	memset(cfi, 0, sizeof(*cfi));
	cfi->data = data;
	cfi->size = size;
	cfi->addr = addr;
}

/**
 * mlu_cfi_next_entry() - get the position behind an entry
 * @cfi: the section
 * @pos: position of the entry
 *
 * Return: the position, 0 at the end of the section.
 */
u32 mlu_cfi_next_entry(const struct mlu_cfi *cfi, u32 pos)
{
	struct mlu_cfi_reader r;
	bool is_long;

	return entry_at(cfi, pos, &r, &is_long) ? r.end : 0;
}
