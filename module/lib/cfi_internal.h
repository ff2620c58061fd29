/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cfi_internal: what the files of the cfi room share with each other, and the first half of it with
 * frame_expression.c: a reader that never leaves its bytes, and the heads of entries.
 */
#ifndef MLU_CFI_INTERNAL_H
#define MLU_CFI_INTERNAL_H

#include <linux/string.h>

#include "cfi.h"

/*
 * Reads forward through data[pos] to data[end].  What is read behind the end is 0 and sets @failed,
 * so that a caller may read several things and ask once.
 */
struct mlu_cfi_reader {
	const u8 *data;
	u32 pos;
	u32 end;
	bool failed;
};

/* A CIE, as far as it matters. */
struct mlu_cfi_cie {
	u32 code_align;
	s32 data_align;
	u8 encoding; /* of addresses in its FDEs */
	bool augmented;
	bool signal;
	u32 ops; /* positions of its operations */
	u32 ops_end;
};

/* An FDE. */
struct mlu_cfi_fde {
	bool has_cie;
	u32 cie_pos;
	struct mlu_cfi_cie cie;
	u64 start; /* the code that it covers, addresses in the ELF file */
	u64 len;
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

u64 mlu_cfi_uleb(struct mlu_cfi_reader *r);
s64 mlu_cfi_sleb(struct mlu_cfi_reader *r);

/* An address of code, as @encoding has it; relative to where it stands, or to nothing. */
enum mlu_cfi_refusal mlu_cfi_address(const struct mlu_cfi *cfi, struct mlu_cfi_reader *r,
				     u8 encoding, u64 *value);

/* The position behind an entry; 0: it was the last. */
u32 mlu_cfi_next_entry(const struct mlu_cfi *cfi, u32 pos);

/*
 * The FDE at a position; one that lies says why.  @fde is zeroed, or what the same section gave
 * last.
 */
enum mlu_cfi_refusal mlu_cfi_fde_at(const struct mlu_cfi *cfi, u32 pos, struct mlu_cfi_fde *fde);

/* One run of operations, of a CIE and then of an FDE. */
struct mlu_cfi_machine {
	const struct mlu_cfi *cfi;
	const struct mlu_cfi_cie *cie;
	struct mlu_cfi_reader r;
	struct mlu_cfi_scratch *scratch;
	struct mlu_cfi_row *row; /* what has come out */
	u64 loc;		 /* the row's first address */
	u64 addr;		 /* the one that is asked for */
	bool in_cie;
	unsigned int nr_states;
	unsigned int nr_ops;
	enum mlu_cfi_refusal refusal; /* the first reason to stop */
};

/* Run the operations from one position to another, or until the row is that of @m's address. */
void mlu_cfi_run(struct mlu_cfi_machine *m, u32 ops, u32 ops_end);

bool mlu_cfi_frame_is_empty(const struct mlu_cfi_rule *rule);

#endif /* MLU_CFI_INTERNAL_H */
