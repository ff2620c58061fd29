// SPDX-License-Identifier: GPL-2.0-only
/*
 * exercise_cfi: the module's calls on unwind data, see exercise.h.
 *
 * Rules and expressions read memory from a test's copy or, without one, get values computed from
 * the address; one address in five cannot be read.
 */
#include "exercise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

#define MAX_ENTRIES 4096
#define MAX_LOOKED_AT 64
#define ADDR 0x10000

#define must(condition) must_hold(condition, #condition, __LINE__)

static void must_hold(bool holds, const char *condition, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: invariant broken: %s\n", __FILE__, line, condition);
	abort();
}

/**
 * mlu_memory_read() - read a word of the target's memory; see frame.h
 * @memory: has the test's copy, or none
 * @addr: address of the word
 * @word: is set to the word
 *
 * Return: false if the word cannot be read
 */
bool mlu_memory_read(const struct mlu_memory *memory, u64 addr, u64 *word)
{
	if (memory->copy) {
		if (addr < memory->start || addr - memory->start > memory->size ||
		    memory->size - (addr - memory->start) < sizeof(*word))
			return false;
		memcpy(word, memory->copy + (addr - memory->start), sizeof(*word));
		return true;
	}
	*word = addr * 0x9e3779b97f4a7c15ULL >> 8;
	return addr % 5;
}

static void check_rule(const struct mlu_cfi *cfi, const struct mlu_cfi_rule *rule)
{
	unsigned int i;

	must(rule->nr <= MLU_CFI_NR_REGS + 1);
	must(rule->cfa_expression || rule->cfa_reg < MLU_CFI_NR_REGS);
	must(!rule->cfa_expression || (u32)rule->cfa_value < cfi->size);
	for (i = 0; i < rule->nr; i++) {
		const struct mlu_cfi_saved *saved = &rule->saved[i];

		must(saved->reg <= MLU_CFI_RA && saved->how <= MLU_CFI_IS_EXPRESSION);
		must(!i || saved->reg > saved[-1].reg);
		if (saved->how == MLU_CFI_AT_EXPRESSION || saved->how == MLU_CFI_IS_EXPRESSION)
			must((u32)saved->value < cfi->size);
		if (saved->how == MLU_CFI_IN_REGISTER)
			must(saved->value >= 0 && saved->value < MLU_CFI_NR_REGS);
	}
}

/* Try each way from a frame to its caller; one that fails must leave the registers unchanged. */
static void step_frame(const struct mlu_cfi *cfi, const struct mlu_cfi_rule *rule, u16 known)
{
	static const struct mlu_memory memory;
	struct mlu_registers regs = { .pc = ADDR, .known = known, .saved = known & 0x1248 }, before;
	unsigned int i;

	for (i = 0; i < MLU_CFI_NR_REGS; i++)
		regs.value[i] = 0x7fff00000000ULL + i * 0x1001;
	before = regs;
	if (mlu_frame_by_rule(cfi, rule, &memory, &regs))
		must(!memcmp(&before, &regs, sizeof(regs)));
	else
		must(regs.pc && regs.interrupted == rule->signal);
	mlu_frame_by_pointer(&memory, U64_MAX, &regs);
	mlu_frame_by_signal(&memory, &regs);
}

static void look_up(const struct mlu_cfi *cfi, u64 addr)
{
	static struct mlu_cfi_scratch scratch;
	struct mlu_cfi_rule rule, again;
	enum mlu_cfi_refusal refusal;

	memset(&rule, 0, sizeof(rule));
	memset(&again, 0, sizeof(again));
	refusal = mlu_cfi_rule(cfi, addr, &scratch, &rule);
	must(refusal < MLU_CFI_NR_REFUSALS && scratch.nr_ops <= MLU_CFI_MAX_OPS + 1);
	if (refusal)
		return;
	check_rule(cfi, &rule);
	/* The result must not depend on the scratch's previous contents. */
	memset(&scratch, 0xff, sizeof(scratch));
	must(!mlu_cfi_rule(cfi, addr, &scratch, &again) && !memcmp(&rule, &again, sizeof(rule)));
	/* All registers are known; then those that a call preserves. */
	step_frame(cfi, &rule, 0xffff);
	step_frame(cfi, &rule, 0xf0c8);
}

static void look_up_all(const struct mlu_cfi *cfi)
{
	u32 i;

	for (i = 0; i < cfi->nr && i < MAX_LOOKED_AT; i++) {
		u64 start = cfi->base + cfi->table[i].start;

		must(!i || cfi->table[i].start > cfi->table[i - 1].start);
		look_up(cfi, start);
		look_up(cfi, start + 1);
		look_up(cfi, start + 40);
		look_up(cfi, start - 1);
	}
	look_up(cfi, 0);
	look_up(cfi, U64_MAX);
	look_up(cfi, ADDR);
}

/**
 * exercise_cfi() - index unwind data, look up rules and apply them; abort if an invariant is broken
 * @section: contents of .eh_frame
 * @len: its length
 *
 * Checks the invariants of cfi.h and frame.h.
 */
void exercise_cfi(const u8 *section, size_t len)
{
	struct mlu_cfi_entry *table, *spare;
	struct mlu_cfi cfi;
	u32 nr;

	mlu_cfi_init(&cfi, section, len, ADDR);
	nr = mlu_cfi_count(&cfi, MAX_ENTRIES);
	must(nr <= MAX_ENTRIES && nr <= len / 16);
	table = calloc(nr ? nr : 1, sizeof(*table));
	spare = calloc(nr ? nr : 1, sizeof(*spare));
	must(table && spare);
	mlu_cfi_index(&cfi, table, spare, nr);
	must(cfi.nr <= nr);
	look_up_all(&cfi);
	free(spare);
	free(table);
}
