/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cfi_internal: shared by the files cfi*.c: a bounded reader, which frame_expression.c uses too,
 * the headers of entries, and the interpreter.
 */
#ifndef MLU_CFI_INTERNAL_H
#define MLU_CFI_INTERNAL_H

#include <linux/string.h>

#include "cfi.h"

/**
 * struct mlu_cfi_reader - reads forward from data[pos] up to data[end]
 * @data: the section
 * @pos: position of the next byte
 * @end: position behind the last byte
 * @failed: something behind the end was read, as 0: check it once after several reads
 */
struct mlu_cfi_reader {
	const u8 *data;
	u32 pos;
	u32 end;
	bool failed;
};

/**
 * struct mlu_cfi_cie - a CIE
 * @code_align: factor of advances
 * @data_align: factor of offsets
 * @encoding: of addresses in its FDEs
 * @handlers_encoding: of the address in its FDEs of a table of exception handlers
 * @augmented: its FDEs have augmentation data
 * @signal: its FDEs cover code that a signal handler returns to
 * @ops: position of its operations
 * @ops_end: position behind them
 */
struct mlu_cfi_cie {
	u32 code_align;
	s32 data_align;
	u8 encoding;
	u8 handlers_encoding;
	bool augmented;
	bool signal;
	u32 ops;
	u32 ops_end;
};

/**
 * struct mlu_cfi_fde - an FDE
 * @has_cie: @cie is valid
 * @cie_pos: position of the CIE
 * @cie: its CIE
 * @start: address in the ELF file of the code that it covers
 * @len: length of that code
 * @data: position of its augmentation data
 * @data_len: length of that data
 * @ops: position of its operations
 * @ops_end: position behind them
 */
struct mlu_cfi_fde {
	bool has_cie;
	u32 cie_pos;
	struct mlu_cfi_cie cie;
	u64 start;
	u64 len;
	u32 data;
	u32 data_len;
	u32 ops;
	u32 ops_end;
};

static inline u32 mlu_cfi_left(const struct mlu_cfi_reader *r)
{
	return r->end - r->pos;
}

static inline bool mlu_cfi_skip(struct mlu_cfi_reader *r, u64 len)
{
	if (len > mlu_cfi_left(r)) {
		r->failed = true;
		r->pos = r->end;
		return false;
	}
	r->pos += len;
	return true;
}

/* @len bytes, 1, 2, 4 or 8, little-endian. */
static inline u64 mlu_cfi_fixed(struct mlu_cfi_reader *r, unsigned int len)
{
	const u8 *from = r->data + r->pos;
	u64 value = 0;

	if (mlu_cfi_skip(r, len))
		memcpy(&value, from, len);
	return value;
}

static inline u8 mlu_cfi_byte(struct mlu_cfi_reader *r)
{
	if (r->pos == r->end) {
		r->failed = true;
		return 0;
	}
	return r->data[r->pos++];
}

/* DW_EH_PE_omit: there is no address. */
#define MLU_CFI_OMIT 0xff
/* The part of an encoding that is not what the address is relative to. */
#define MLU_CFI_FORMAT 0x0f

u64 mlu_cfi_uleb(struct mlu_cfi_reader *r);
s64 mlu_cfi_sleb(struct mlu_cfi_reader *r);

enum mlu_cfi_refusal mlu_cfi_address(const struct mlu_cfi *cfi, struct mlu_cfi_reader *r,
				     u8 encoding, u64 *value);

u32 mlu_cfi_next_entry(const struct mlu_cfi *cfi, u32 pos);

enum mlu_cfi_refusal mlu_cfi_fde_at(const struct mlu_cfi *cfi, u32 pos, struct mlu_cfi_fde *fde);

/**
 * struct mlu_cfi_machine - the interpreter, run on the operations of a CIE and then of an FDE
 * @cfi: the section
 * @cie: the CIE
 * @r: reads the operations
 * @scratch: memory for rows
 * @row: the current row
 * @loc: the row's first address
 * @addr: the address that is looked up
 * @in_cie: the operations are the CIE's
 * @nr_states: how many rows are remembered
 * @nr_ops: how many operations were run
 * @refusal: the first reason to stop
 */
struct mlu_cfi_machine {
	const struct mlu_cfi *cfi;
	const struct mlu_cfi_cie *cie;
	struct mlu_cfi_reader r;
	struct mlu_cfi_scratch *scratch;
	struct mlu_cfi_row *row;
	u64 loc;
	u64 addr;
	bool in_cie;
	unsigned int nr_states;
	unsigned int nr_ops;
	enum mlu_cfi_refusal refusal;
};

void mlu_cfi_run(struct mlu_cfi_machine *m, u32 ops, u32 ops_end);

bool mlu_cfi_frame_is_empty(const struct mlu_cfi_rule *rule);

#endif /* MLU_CFI_INTERNAL_H */
