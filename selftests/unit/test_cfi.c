// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_cfi: handwritten unwind data: the rule that each operation gives, the data that is refused
 * and the reason given, and that no byte outside of the section is read.
 */
#include "asm.h"
#include "exercise.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

static struct asm_section section;
static struct mlu_cfi_rule rule;

/* Look up the rule of @addr in a copy of exactly the section's size. */
static enum mlu_cfi_refusal rule_at(u64 addr)
{
	static struct mlu_cfi_scratch scratch;
	enum mlu_cfi_refusal refusal;
	struct mlu_cfi_entry table[16], spare[16];
	u8 *copy = malloc(section.len ? section.len : 1);
	struct mlu_cfi cfi;
	u32 nr;

	if (!copy)
		abort();
	memcpy(copy, section.bytes, section.len);
	mlu_cfi_init(&cfi, copy, section.len, ASM_ADDR);
	nr = mlu_cfi_count(&cfi, ARRAY_SIZE(table));
	mlu_cfi_index(&cfi, table, spare, nr);
	refusal = mlu_cfi_rule(&cfi, addr, &scratch, &rule);
	free(copy);
	return refusal;
}

static void begin_section(void)
{
	memset(&section, 0, sizeof(section));
	asm_usual_cie(&section);
	asm_fde(&section, ASM_CODE, 0x100);
}

/* The rule of the code's first byte for an FDE with these operations. */
#define RUN(...)                            \
	({                                  \
		begin_section();            \
		ASM(&section, __VA_ARGS__); \
		asm_end(&section);          \
		rule_at(ASM_CODE);          \
	})

static bool cfa_is(u8 reg, s32 offset)
{
	return !rule.cfa_expression && rule.cfa_reg == reg && rule.cfa_value == offset;
}

/* Return: true if the rule has this register and no other one */
static bool has_only(u8 reg, enum mlu_cfi_how how, s32 value)
{
	return rule.nr == 1 && rule.saved[0].reg == reg && rule.saved[0].how == how &&
	       rule.saved[0].value == value;
}

#define is_register(name, reg, how, value, ...) \
	tap_ok(!RUN(__VA_ARGS__) && cfa_is(7, 8) && has_only(reg, how, value), "%s", name)
#define is_cfa(name, reg, offset, ...) \
	tap_ok(!RUN(__VA_ARGS__) && cfa_is(reg, offset) && !rule.nr, "%s", name)
#define is_refused(name, why, ...) tap_is(RUN(__VA_ARGS__), why, "%s is refused as %s", name, #why)

static void test_registers(void)
{
	is_register("DW_CFA_offset", 3, MLU_CFI_AT_OFFSET, -24, 0x83, 3);
	is_register("DW_CFA_offset_extended", 14, MLU_CFI_AT_OFFSET, -16, 0x05, 14, 2);
	is_register("DW_CFA_offset_extended_sf", 14, MLU_CFI_AT_OFFSET, 16, 0x11, 14, 0x7e);
	is_register("DW_CFA_GNU_negative_offset_extended", 6, MLU_CFI_AT_OFFSET, 16, 0x2f, 6, 2);
	is_register("DW_CFA_val_offset", 6, MLU_CFI_IS_OFFSET, -16, 0x14, 6, 2);
	is_register("DW_CFA_val_offset_sf", 6, MLU_CFI_IS_OFFSET, 16, 0x15, 6, 0x7e);
	is_register("DW_CFA_register", 6, MLU_CFI_IN_REGISTER, 12, 0x09, 6, 12);
	is_register("DW_CFA_undefined", 15, MLU_CFI_UNDEFINED, 0, 0x07, 15);
	is_register("DW_CFA_undefined of the return address", 16, MLU_CFI_UNDEFINED, 0, 0x07, 16);
	is_register("DW_CFA_same_value of a register that calls clobber", 0, MLU_CFI_SAME, 0, 0x08,
		    0);
	is_register("DW_CFA_expression", 6, MLU_CFI_AT_EXPRESSION, 41, 0x10, 6, 2, 0x76, 0);
	is_register("DW_CFA_val_expression", 6, MLU_CFI_IS_EXPRESSION, 41, 0x16, 6, 2, 0x76, 0);
	is_cfa("DW_CFA_same_value of a register that calls preserve is left out", 7, 8, 0x08, 3);
	is_cfa("a vector register is left out", 7, 8, 0x05, 23, 2);
	is_cfa("DW_CFA_restore restores the CIE's rule", 7, 8, 0x83, 2, 0xc3);
	is_cfa("DW_CFA_restore_extended restores the CIE's rule", 7, 8, 0x05, 16, 5, 0x06, 16);
}

static void test_cfa(void)
{
	is_cfa("DW_CFA_def_cfa", 6, 16, 0x0c, 6, 16);
	is_cfa("DW_CFA_def_cfa_sf", 10, -8, 0x12, 10, 1);
	is_cfa("DW_CFA_def_cfa_register", 3, 8, 0x0d, 3);
	is_cfa("DW_CFA_def_cfa_offset", 7, 300, 0x0e, 0xac, 0x02);
	is_cfa("DW_CFA_def_cfa_offset_sf", 7, 8, 0x13, 0x7f);
	is_cfa("DW_CFA_nop and DW_CFA_GNU_args_size", 7, 8, 0, 0x2e, 8, 0);
	is_cfa("DW_CFA_remember_state and DW_CFA_restore_state", 7, 8, 0x0a, 0x0e, 16, 0x86, 2,
	       0x0b);
	tap_ok(!RUN(0x0f, 3, 0x76, 0x78, 0x06) && rule.cfa_expression && rule.cfa_value == 40,
	       "DW_CFA_def_cfa_expression");
	is_cfa("DW_CFA_def_cfa after an expression", 7, 16, 0x0f, 2, 0x76, 0, 0x0c, 7, 16);
}

/* A row is valid from its address up to the next row's. */
static void test_rows(void)
{
	static const struct {
		u64 at;
		s32 cfa;
	} rows[] = { { 0, 8 },	   { 4, 8 },	 { 5, 16 },    { 14, 16 },  { 15, 24 },
		     { 0x20, 24 }, { 0x2f, 32 }, { 0x40, 40 }, { 0xff, 40 } };
	size_t i;
	bool good = true;

	begin_section();
	ASM(&section, 0x45, 0x0e, 16, 0x02, 10, 0x0e, 24, 0x03, 0x20, 0, 0x0e, 32);
	ASM(&section, 0x04, 0x11, 0, 0, 0, 0x0e, 40);
	asm_end(&section);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		good = !rule_at(ASM_CODE + rows[i].at) && cfa_is(7, rows[i].cfa) && good;
	tap_ok(good,
	       "DW_CFA_advance_loc of each size: a row is valid up to the next one's address");
	tap_ok(rule_at(ASM_CODE - 1) == MLU_CFI_NO_ENTRY &&
		       rule_at(ASM_CODE + 0x100) == MLU_CFI_NO_ENTRY,
	       "addresses before and after the code have no rule");
	begin_section();
	ASM(&section, 0x01);
	{
		s32 to = ASM_CODE + 0x30 - (ASM_ADDR + section.len);

		asm_bytes(&section, (const u8 *)&to, sizeof(to));
	}
	ASM(&section, 0x0e, 16);
	asm_end(&section);
	tap_ok(!rule_at(ASM_CODE + 0x2f) && cfa_is(7, 8) && !rule_at(ASM_CODE + 0x30) &&
		       cfa_is(7, 16),
	       "DW_CFA_set_loc");
}

static void test_refused(void)
{
	is_refused("an unknown operation", MLU_CFI_OPERATION, 0x3f);
	is_refused("DW_CFA_def_cfa_offset after an expression", MLU_CFI_OPERATION, 0x0f, 2, 0x76, 0,
		   0x0e, 8);
	is_refused("a register that x86-64 does not have", MLU_CFI_REGISTER, 0x05, 126, 1);
	is_refused("a vector register as the CFA's base", MLU_CFI_REGISTER, 0x0c, 17, 8);
	is_refused("the return address as the place of a register", MLU_CFI_REGISTER, 0x09, 6, 16);
	is_refused("DW_CFA_restore_state without a remembered state", MLU_CFI_STATES, 0x0b);
	is_refused("too many remembered states", MLU_CFI_STATES, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a,
		   0x0a, 0x0a, 0x0a);
	is_refused("an offset beyond 31 bits", MLU_CFI_RANGE, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f);
	is_refused("a factored offset beyond 31 bits", MLU_CFI_RANGE, 0x83, 0xff, 0xff, 0xff, 0xff,
		   0x07);
	is_refused("an operand that passes the end of the entry", MLU_CFI_TRUNCATED, 0x0c, 0x87);
	is_refused("an expression that passes the end of the entry", MLU_CFI_TRUNCATED, 0x10, 6,
		   100, 0);
	is_refused("a LEB128 number of eleven bytes", MLU_CFI_TRUNCATED, 0x0e, 0xff, 0xff, 0xff,
		   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
}

static void test_too_long(void)
{
	u32 i;

	begin_section();
	for (i = 0; i < MLU_CFI_MAX_OPS - 2; i++)
		ASM(&section, 0);
	asm_end(&section);
	tap_ok(!rule_at(ASM_CODE), "the maximum number of operations is accepted");
	begin_section();
	for (i = 0; i < MLU_CFI_MAX_OPS; i++)
		ASM(&section, 0);
	asm_end(&section);
	tap_is(rule_at(ASM_CODE), MLU_CFI_TOO_LONG, "more operations are refused as too long");
}

static void test_long_numbers(void)
{
	begin_section();
	ASM(&section, 0x0e, 0x90, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0);
	asm_end(&section);
	tap_ok(!rule_at(ASM_CODE) && rule.cfa_value == 16,
	       "a LEB128 number of ten bytes is accepted");
	begin_section();
	ASM(&section, 0x0e, 0x90, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0);
	asm_end(&section);
	tap_is(rule_at(ASM_CODE), MLU_CFI_TRUNCATED,
	       "a LEB128 number of eleven bytes with an end is refused");
}

/* The rule of an FDE of this CIE. */
static enum mlu_cfi_refusal with_cie(u8 version, const char *augmentation, const u8 *data, u8 len)
{
	memset(&section, 0, sizeof(section));
	asm_cie_like(&section, version, augmentation, data, len);
	ASM(&section, 0x0c, 7, 8, 0x90, 1);
	asm_end(&section);
	asm_fde(&section, ASM_CODE, 0x100);
	asm_end(&section);
	return rule_at(ASM_CODE);
}

static void test_cies(void)
{
	static const u8 pr[] = { 0x9b, 1, 2, 3, 4, 0x1b }, plr[] = { 3, 1, 2, 3, 4, 0x1b, 0x1b };
	static const u8 r[] = { 0x1b }, indirect[] = { 0x9b }, function[] = { 0x4b };

	tap_ok(!with_cie(1, "zR", r, 1) && !rule.signal, "augmentation zR is accepted");
	tap_ok(!with_cie(1, "zRS", r, 1) && rule.signal, "augmentation zRS marks a signal frame");
	tap_ok(!with_cie(1, "zPR", pr, sizeof(pr)),
	       "augmentation zPR is accepted: the personality is skipped");
	tap_ok(!with_cie(1, "zPLR", plr, sizeof(plr)), "augmentation zPLR is accepted");
	tap_ok(!with_cie(3, "zR", r, 1) && !with_cie(4, "zR", r, 1),
	       "versions 3 and 4 are accepted");
	tap_ok(with_cie(2, "zR", r, 1) == MLU_CFI_VERSION, "version 2 is refused");
	tap_ok(with_cie(1, "zRX", r, 1) == MLU_CFI_AUGMENTATION,
	       "an unknown augmentation letter is refused");
	tap_ok(with_cie(1, "eh", NULL, 0) == MLU_CFI_AUGMENTATION, "augmentation eh is refused");
	tap_ok(with_cie(1, "zR", indirect, 1) == MLU_CFI_ENCODING,
	       "an indirect address encoding is refused");
	tap_ok(with_cie(1, "zR", function, 1) == MLU_CFI_ENCODING,
	       "an address encoding relative to the function is refused");
	tap_ok(with_cie(1, "zR", r, 0) == MLU_CFI_TRUNCATED,
	       "missing augmentation data is refused");
}

static void test_entries(void)
{
	u32 first;

	begin_section();
	asm_end(&section);
	first = section.len;
	asm_fde(&section, ASM_CODE + 0x80, 0x10);
	ASM(&section, 0x0e, 16);
	asm_end(&section);
	tap_ok(!rule_at(ASM_CODE + 0x7f) && cfa_is(7, 8) && !rule_at(ASM_CODE + 0x80) &&
		       cfa_is(7, 16) && rule_at(ASM_CODE + 0x90) == MLU_CFI_NO_ENTRY,
	       "of overlapping entries, the one with the highest start is used");
	memset(section.bytes + first, 0, 4);
	tap_ok(!rule_at(ASM_CODE + 0x80) && cfa_is(7, 8), "a length of zero ends the section");
	begin_section();
	asm_end(&section);
	section.len = first;
	asm_fde(&section, ASM_CODE + 0x200, 0);
	asm_end(&section);
	asm_fde(&section, 0, 0x100);
	asm_end(&section);
	tap_ok(rule_at(ASM_CODE + 0x200) == MLU_CFI_NO_ENTRY && rule_at(0x20) == MLU_CFI_NO_ENTRY &&
		       !rule_at(ASM_CODE),
	       "entries of code discarded by the linker are ignored");
	begin_section();
	asm_end(&section);
	asm_fde(&section, ASM_CODE + 0x100, 0x10);
	/* Its CIE pointer leads to itself. */
	memset(section.bytes + section.entry + 4, 4, 1);
	memset(section.bytes + section.entry + 5, 0, 3);
	asm_end(&section);
	tap_ok(rule_at(ASM_CODE + 0x100) == MLU_CFI_TRUNCATED && !rule_at(ASM_CODE),
	       "code with an invalid entry is refused, not unwound by frame pointer");
	memset(&section, 0, sizeof(section));
	asm_cie(&section);
	asm_end(&section);
	asm_fde(&section, ASM_CODE, 0x100);
	asm_end(&section);
	tap_is(rule_at(ASM_CODE), MLU_CFI_OPERATION, "a rule without a CFA is refused");
	memset(&section, 0, sizeof(section));
	asm_cie(&section);
	ASM(&section, 0x0c, 7, 8);
	asm_end(&section);
	asm_fde(&section, ASM_CODE, 0x100);
	asm_end(&section);
	tap_ok(!rule_at(ASM_CODE) && has_only(16, MLU_CFI_UNDEFINED, 0),
	       "an omitted return address is undefined");
}

/* The kind of the byte after @addr, by the rule of @addr or its absence. */
static enum mlu_cfi_behind kind_behind(u64 addr)
{
	rule_at(addr);
	return rule.behind;
}

/* A function at ASM_CODE that ends with these operations, and another one @second bytes later. */
#define TWO_FUNCTIONS(second, ...)                            \
	({                                                    \
		begin_section();                              \
		ASM(&section, __VA_ARGS__);                   \
		asm_end(&section);                            \
		asm_fde(&section, ASM_CODE + (second), 0x10); \
		asm_end(&section);                            \
	})

/* Addresses that cannot be the return address of a call. */
static void test_behind(void)
{
	static const u8 r[] = { 0x1b };

	TWO_FUNCTIONS(0x110, 0);
	tap_ok(kind_behind(ASM_CODE - 1) == MLU_CFI_FIRST_BYTE &&
		       kind_behind(ASM_CODE + 0x10f) == MLU_CFI_FIRST_BYTE,
	       "the byte after padding is the first byte of a function");
	tap_ok(kind_behind(ASM_CODE - 2) == MLU_CFI_ANY_BYTE &&
		       kind_behind(ASM_CODE + 0x100) == MLU_CFI_ANY_BYTE &&
		       kind_behind(ASM_CODE + 0x10e) == MLU_CFI_ANY_BYTE &&
		       kind_behind(ASM_CODE + 0x120) == MLU_CFI_ANY_BYTE,
	       "the byte after padding may be padding");
	tap_ok(kind_behind(ASM_CODE) == MLU_CFI_SECOND_BYTE &&
		       kind_behind(ASM_CODE + 0x110) == MLU_CFI_SECOND_BYTE,
	       "the byte after a function's first one is the second: no call ends there");
	tap_ok(kind_behind(ASM_CODE + 1) == MLU_CFI_ANY_BYTE &&
		       kind_behind(ASM_CODE + 0xff) == MLU_CFI_ANY_BYTE,
	       "a call may end at any later byte, also at the end of the function");
	TWO_FUNCTIONS(0x100, 0);
	tap_ok(kind_behind(ASM_CODE + 0xff) == MLU_CFI_FIRST_BYTE,
	       "the byte after a return is the first byte of the next function");
	TWO_FUNCTIONS(0x100, 0x41, 0x0e, 16);
	tap_ok(kind_behind(ASM_CODE + 0xff) == MLU_CFI_ANY_BYTE,
	       "a call may end a function that has a frame: it may not return");
	TWO_FUNCTIONS(0x100, 0x41, 0x0d, 6);
	tap_ok(kind_behind(ASM_CODE + 0xff) == MLU_CFI_ANY_BYTE,
	       "a call may end a function that has a frame pointer");
	tap_ok(!with_cie(1, "zRS", r, 1) && kind_behind(ASM_CODE) == MLU_CFI_ANY_BYTE,
	       "a signal frame needs no call before its return address");
	tap_ok(!RUN(0x07, 16) && rule.behind == MLU_CFI_ANY_BYTE,
	       "a function with an undefined return address is not restricted");
	tap_ok(RUN(0x3f) && rule.behind == MLU_CFI_ANY_BYTE, "a refused rule gives no kind");
}

/* Cut and changed sections: no read outside of them, no invariant broken. */
static void test_damage(void)
{
	u32 whole, i;
	u8 *copy;

	begin_section();
	ASM(&section, 0x45, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x10, 3, 2, 0x76, 0x68, 0x0b);
	asm_end(&section);
	whole = section.len;
	for (section.len = 0; section.len <= whole; section.len++) {
		copy = malloc(section.len + 1);
		memcpy(copy + 1, section.bytes, section.len);
		exercise_cfi(copy + 1, section.len);
		free(copy);
	}
	tap_ok(true, "a section cut after each of its %u bytes breaks no invariant", whole);
	for (i = 0; i < whole * 256; i++) {
		copy = malloc(whole);
		memcpy(copy, section.bytes, whole);
		copy[i / 256] = i;
		exercise_cfi(copy, whole);
		free(copy);
	}
	tap_ok(true, "a section with any byte changed to any value breaks no invariant");
}

int main(void)
{
	test_registers();
	test_cfa();
	test_rows();
	test_refused();
	test_too_long();
	test_long_numbers();
	test_cies();
	test_entries();
	test_behind();
	test_damage();
	return tap_end();
}
