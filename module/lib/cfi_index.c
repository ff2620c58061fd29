// SPDX-License-Identifier: GPL-2.0-only
/*
 * cfi_index: the table of an .eh_frame section's entries, sorted by address.
 *
 * Two passes over the section: how many there are, then where.  Linkers leave entries in the order
 * of object files, those of cold code between others, so that real tables are hardly ever in order;
 * hostile ones are as they like.  They are sorted by their digits, in the same number of steps
 * whatever the order.
 *
 * Pure and hostile, see cfi.h.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "cfi_internal.h"

/* How often long loops offer the processor. */
#define RESCHED_MASK 4095

/* A digit of a start. */
#define DIGIT_BITS 8
#define NR_DIGITS BIT(DIGIT_BITS)

static void offer_processor(u32 step)
{
	if (!(step & RESCHED_MASK))
		cond_resched();
}

/*
 * What the linker has thrown away keeps an entry without code, or at address 0.  Of an entry that
 * cannot be read nobody knows which code it covers: it makes a hole that may be anywhere.
 */
static bool covers_code(struct mlu_cfi *cfi, u32 pos, struct mlu_cfi_fde *fde)
{
	enum mlu_cfi_refusal refusal = mlu_cfi_fde_at(cfi, pos, fde);

	if (refusal == MLU_CFI_NO_ENTRY)
		return false;
	if (refusal == MLU_CFI_OK && fde->len > U64_MAX - fde->start)
		refusal = MLU_CFI_RANGE;
	if (refusal != MLU_CFI_OK) {
		cfi->hole = refusal;
		return false;
	}
	return fde->len && fde->start;
}

u32 mlu_cfi_count(struct mlu_cfi *cfi, u32 max)
{
	struct mlu_cfi_fde fde = {};
	u32 pos, next, seen = 0, nr = 0;

	cfi->base = U64_MAX;
	for (pos = 0; nr < max && (next = mlu_cfi_next_entry(cfi, pos)); pos = next) {
		offer_processor(seen++);
		if (!covers_code(cfi, pos, &fde))
			continue;
		cfi->base = min(cfi->base, fde.start);
		nr++;
	}
	return nr;
}

static bool is_sorted(const struct mlu_cfi_entry *table, u32 nr)
{
	u32 i;

	for (i = 1; i < nr; i++) {
		offer_processor(i);
		if (table[i - 1].start > table[i].start)
			return false;
	}
	return true;
}

/* By one digit; those that have the same one stay in their order. */
static void sort_by_digit(const struct mlu_cfi_entry *from, struct mlu_cfi_entry *to, u32 nr,
			  unsigned int shift)
{
	u32 place[NR_DIGITS] = {};
	u32 i, n, sum = 0;

	for (i = 0; i < nr; i++) {
		offer_processor(i);
		place[from[i].start >> shift & (NR_DIGITS - 1)]++;
	}
	for (i = 0; i < NR_DIGITS; i++) {
		n = place[i];
		place[i] = sum;
		sum += n;
	}
	for (i = 0; i < nr; i++) {
		offer_processor(i);
		to[place[from[i].start >> shift & (NR_DIGITS - 1)]++] = from[i];
	}
}

/* The lowest digit first, and an even number of them, so that the result is where it was. */
static void sort_by_start(struct mlu_cfi_entry *table, struct mlu_cfi_entry *spare, u32 nr)
{
	unsigned int shift;

	for (shift = 0; shift < 32; shift += 2 * DIGIT_BITS) {
		sort_by_digit(table, spare, nr, shift);
		sort_by_digit(spare, table, nr, shift + DIGIT_BITS);
	}
}

static u32 drop_doubles(struct mlu_cfi_entry *table, u32 nr)
{
	u32 i, kept = 0;

	for (i = 0; i < nr; i++)
		if (!kept || table[i].start != table[kept - 1].start)
			table[kept++] = table[i];
	return kept;
}

void mlu_cfi_index(struct mlu_cfi *cfi, struct mlu_cfi_entry *table, struct mlu_cfi_entry *spare,
		   u32 nr)
{
	u32 pos, next, seen = 0, filled = 0;
	struct mlu_cfi_fde fde = {};

	for (pos = 0; filled < nr && (next = mlu_cfi_next_entry(cfi, pos)); pos = next) {
		offer_processor(seen++);
		if (!covers_code(cfi, pos, &fde) || fde.start - cfi->base > U32_MAX)
			continue;
		table[filled].start = fde.start - cfi->base;
		table[filled].fde = pos;
		filled++;
	}
	if (!is_sorted(table, filled))
		sort_by_start(table, spare, filled);
	cfi->nr = drop_doubles(table, filled);
	cfi->table = table;
}
