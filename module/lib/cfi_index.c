// SPDX-License-Identifier: GPL-2.0-only
/*
 * cfi_index: make the table of an .eh_frame section's entries, sorted by address.
 *
 * Two passes over the section: the first counts the entries, the second fills the table. Linkers
 * keep entries in the order of object files, those of cold code in between, so that real tables
 * are hardly ever sorted; hostile ones can have any order. Radix sort takes the same number of
 * steps for each order.
 *
 * Pure and hostile, see cfi.h.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "cfi_internal.h"

/* Long loops call cond_resched() once in this many steps + 1. */
#define RESCHED_MASK 4095

/* A digit of the radix sort. */
#define DIGIT_BITS 8
#define NR_DIGITS BIT(DIGIT_BITS)

static void maybe_resched(u32 step)
{
	if (!(step & RESCHED_MASK))
		cond_resched();
}

/*
 * Sections that the linker has discarded leave entries without code, or at address 0. The code that
 * an unreadable entry covers is unknown: it may be any code without another entry.
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

/**
 * mlu_cfi_count() - count the entries that cover code
 * @cfi: the section; its base is set
 * @max: where to stop counting
 *
 * Context: May sleep.
 * Return: how many, at most @max.
 */
u32 mlu_cfi_count(struct mlu_cfi *cfi, u32 max)
{
	struct mlu_cfi_fde fde = {};
	u32 pos, next, seen = 0, nr = 0;

	cfi->base = U64_MAX;
	for (pos = 0; nr < max && (next = mlu_cfi_next_entry(cfi, pos)); pos = next) {
		maybe_resched(seen++);
		if (!covers_code(cfi, pos, &fde))
			continue;
		cfi->base = min(cfi->base, fde.start);
		nr++;
	}
	return nr;
}

/* Stable: entries with the same digit keep their order. */
static void sort_by_digit(const struct mlu_cfi_entry *from, struct mlu_cfi_entry *to, u32 nr,
			  unsigned int shift)
{
	u32 place[NR_DIGITS] = {};
	u32 i, n, sum = 0;

	for (i = 0; i < nr; i++) {
		maybe_resched(i);
		place[from[i].start >> shift & (NR_DIGITS - 1)]++;
	}
	for (i = 0; i < NR_DIGITS; i++) {
		n = place[i];
		place[i] = sum;
		sum += n;
	}
	for (i = 0; i < nr; i++) {
		maybe_resched(i);
		to[place[from[i].start >> shift & (NR_DIGITS - 1)]++] = from[i];
	}
}

/**
 * mlu_cfi_index() - make the table
 * @cfi: the section, after mlu_cfi_count()
 * @table: memory for @nr entries, used by @cfi from then on
 * @spare: as much memory, for sorting; not used afterwards
 * @nr: what mlu_cfi_count() returned
 *
 * Malformed entries are left out; addresses without an entry are then refused with the reason, as
 * they may belong to such an entry. Of entries that start at one address the first in the section
 * is kept.
 *
 * Context: May sleep.
 */
void mlu_cfi_index(struct mlu_cfi *cfi, struct mlu_cfi_entry *table, struct mlu_cfi_entry *spare,
		   u32 nr)
{
	u32 i, pos, next, seen = 0, filled = 0, kept = 0;
	struct mlu_cfi_fde fde = {};
	bool is_sorted = true;
	unsigned int shift;

	for (pos = 0; filled < nr && (next = mlu_cfi_next_entry(cfi, pos)); pos = next) {
		maybe_resched(seen++);
		if (!covers_code(cfi, pos, &fde) || fde.start - cfi->base > U32_MAX)
			continue;
		table[filled].start = fde.start - cfi->base;
		table[filled].fde = pos;
		if (filled && table[filled].start < table[filled - 1].start)
			is_sorted = false;
		filled++;
	}
	/* From the lowest digit; their number is even, so that the result is in @table. */
	for (shift = 0; shift < 32 && !is_sorted; shift += 2 * DIGIT_BITS) {
		sort_by_digit(table, spare, filled, shift);
		sort_by_digit(spare, table, filled, shift + DIGIT_BITS);
	}
	for (i = 0; i < filled; i++)
		if (!kept || table[i].start != table[kept - 1].start)
			table[kept++] = table[i];
	cfi->nr = kept;
	cfi->table = table;
}
