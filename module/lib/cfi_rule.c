// SPDX-License-Identifier: GPL-2.0-only
/*
 * cfi_rule: look up the entry of an address and convert its row to a rule.
 *
 * Worst case of one look-up: 23 steps of binary search (there are at most 2^23 entries), two
 * headers of entries, and MLU_CFI_MAX_OPS operations. The most expensive operation copies a row of
 * 120 bytes; the usual one reads a number and sets two fields, in 95 instructions. That is 1.6
 * million instructions for a hostile entry and some hundreds for one that a compiler emits.
 *
 * Source: machine_x86.h for the registers that an entry omits.
 *
 * Pure and hostile, see cfi.h.
 */
#include <linux/kernel.h>

#include "cfi_internal.h"

/* A rule lists only what differs from the ABI. */
static bool is_default(unsigned int reg, u8 how, s32 value)
{
	if (reg == MLU_CFI_RA)
		return how == MLU_CFI_AT_OFFSET && value == MLU_CFI_RA_OFFSET;
	if (reg == MLU_CFI_SP)
		return how == MLU_CFI_IS_OFFSET && !value;
	if (MLU_CFI_CALLEE_SAVED & BIT(reg))
		return how == MLU_CFI_SAME;
	return how == MLU_CFI_UNDEFINED;
}

/* Registers that the row omits follow the ABI; an omitted return address is undefined. */
static enum mlu_cfi_refusal emit_rule(const struct mlu_cfi_machine *m, struct mlu_cfi_rule *rule)
{
	const struct mlu_cfi_row *row = m->row;
	unsigned int reg;
	bool is_listed;
	u8 how;

	if (!row->cfa_set)
		return MLU_CFI_OPERATION;
	rule->nr = 0;
	rule->signal = m->cie->signal;
	rule->cfa_expression = row->cfa_expression;
	rule->cfa_reg = row->cfa_reg;
	rule->cfa_value = row->cfa_value;
	for (reg = 0; reg <= MLU_CFI_RA; reg++) {
		is_listed = row->listed & 1U << reg;
		how = is_listed ? row->how[reg] : MLU_CFI_UNDEFINED;
		if ((!is_listed && reg != MLU_CFI_RA) || is_default(reg, how, row->value[reg]))
			continue;
		rule->saved[rule->nr].reg = reg;
		rule->saved[rule->nr].how = how;
		rule->saved[rule->nr].value = row->value[reg];
		rule->nr++;
	}
	return MLU_CFI_OK;
}

static const struct mlu_cfi_entry *find_entry(const struct mlu_cfi *cfi, u64 addr)
{
	u32 low = 0, high = cfi->nr;

	if (addr < cfi->base || addr - cfi->base > U32_MAX)
		return NULL;
	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (cfi->table[mid].start <= addr - cfi->base)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &cfi->table[low - 1] : NULL;
}

/* === The byte behind the address === */

static bool is_start_of_entry(const struct mlu_cfi *cfi, u64 addr)
{
	const struct mlu_cfi_entry *entry = find_entry(cfi, addr);

	return entry && cfi->base + entry->start == addr;
}

/*
 * A function may end with a call that never returns, directly followed by another function: the
 * address between them is an ordinary return address. But no call ends in the padding before a
 * function, which has no entry, and none where the frame is empty.
 */
static u8 classify_behind(const struct mlu_cfi *cfi, u64 addr, const struct mlu_cfi_fde *fde,
			  const struct mlu_cfi_rule *rule)
{
	if (!mlu_cfi_frame_is_empty(rule))
		return MLU_CFI_ANY_BYTE;
	if (addr == fde->start)
		return MLU_CFI_SECOND_BYTE;
	if (addr + 1 - fde->start == fde->len && is_start_of_entry(cfi, addr + 1))
		return MLU_CFI_FIRST_BYTE;
	return MLU_CFI_ANY_BYTE;
}

/**
 * mlu_cfi_rule() - look up the rule of an address
 * @cfi: the section and its table
 * @addr: the address in the ELF file
 * @scratch: memory for the look-up; need not be initialized
 * @rule: what to fill
 *
 * Bounded: a binary search of the table, then at most MLU_CFI_MAX_OPS operations.
 *
 * Context: Any; does not sleep.
 * Return: MLU_CFI_OK, or why there is no rule; then only @rule->behind is valid.
 */
enum mlu_cfi_refusal mlu_cfi_rule(const struct mlu_cfi *cfi, u64 addr,
				  struct mlu_cfi_scratch *scratch, struct mlu_cfi_rule *rule)
{
	struct mlu_cfi_machine m = {
		.cfi = cfi, .scratch = scratch, .row = &scratch->row, .in_cie = true
	};
	struct mlu_cfi_fde fde = {};
	const struct mlu_cfi_entry *entry = find_entry(cfi, addr);
	enum mlu_cfi_refusal refusal = MLU_CFI_NO_ENTRY;

	if (entry)
		refusal = mlu_cfi_fde_at(cfi, entry->fde, &fde);
	if (refusal == MLU_CFI_OK && addr - fde.start >= fde.len)
		refusal = MLU_CFI_NO_ENTRY;
	if (refusal == MLU_CFI_NO_ENTRY && cfi->hole)
		refusal = cfi->hole;
	scratch->nr_ops = 0;
	rule->behind = MLU_CFI_ANY_BYTE;
	if (refusal == MLU_CFI_NO_ENTRY && is_start_of_entry(cfi, addr + 1))
		rule->behind = MLU_CFI_FIRST_BYTE;
	if (refusal)
		return refusal;
	m.cie = &fde.cie;
	memset(m.row, 0, sizeof(*m.row));
	mlu_cfi_run(&m, fde.cie.ops, fde.cie.ops_end);
	scratch->initial = *m.row;
	m.in_cie = false;
	m.loc = fde.start;
	m.addr = addr;
	mlu_cfi_run(&m, fde.ops, fde.ops_end);
	scratch->nr_ops = m.nr_ops;
	refusal = m.refusal ? m.refusal : emit_rule(&m, rule);
	if (refusal == MLU_CFI_OK)
		rule->behind = classify_behind(cfi, addr, &fde, rule);
	return refusal;
}
