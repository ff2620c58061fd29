// SPDX-License-Identifier: GPL-2.0-only
/*
 * place_x86: choose where in a function its breakpoint is set, see place.h for the conditions.
 *
 * Pure: it decodes a few instructions and stops at all others. A decoder here takes the bytes from
 * an instruction on and their number, and returns the length of the instruction, 0 if it is of
 * another kind or truncated.
 *
 * Context: any. No locks, no state, no loop longer than the bytes that are passed.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "place.h"
#include "step.h"

/* Prefixes, named as in the processor's manual. */
#define PREFIX_CS 0x2e
#define PREFIX_SIZE 0x66
#define REX 0x40
#define REX_B 0x01 /* extends the ModRM byte's rm field */
#define REX_R 0x04 /* extends its reg field */
#define REX_W 0x08 /* 64 bits */
/* No instruction is longer. */
#define MAX_INSN 15

static u8 modrm_mod(u8 modrm)
{
	return modrm >> 6;
}

static u8 modrm_reg(u8 modrm)
{
	return (modrm >> 3) & 7;
}

static u8 modrm_rm(u8 modrm)
{
	return modrm & 7;
}

/* === Instructions that the kernel emulates === */

static bool is_short_jcc(u8 opcode)
{
	return (opcode & 0xf0) == 0x70;
}

static bool is_near_jcc(const u8 *c)
{
	return c[0] == 0x0f && (c[1] & 0xf0) == 0x80;
}

/* 90 and 66 90; with F3 it is pause, with REX.B an exchange. */
static size_t short_nop_length(const u8 *c, size_t len)
{
	if (len >= 1 && c[0] == 0x90)
		return 1;
	return len >= 2 && c[0] == PREFIX_SIZE && c[1] == 0x90 ? 2 : 0;
}

/* Bytes of a memory operand behind the ModRM byte: index byte and displacement. */
static size_t operand_length(u8 modrm, u8 sib)
{
	bool has_sib = modrm_mod(modrm) != 3 && modrm_rm(modrm) == 4;

	switch (modrm_mod(modrm)) {
	case 0:
		if (has_sib)
			return (sib & 7) == 5 ? 5 : 1;
		return modrm_rm(modrm) == 5 ? 4 : 0;
	case 1:
		return has_sib ? 2 : 1;
	case 2:
		return has_sib ? 5 : 4;
	}
	return 0;
}

/* 0F 1F /0 with any number of size and segment prefixes, which assemblers use as padding. */
static size_t long_nop_length(const u8 *c, size_t len)
{
	size_t i = 0, total;

	len = min_t(size_t, len, MAX_INSN);
	while (i < len && (c[i] == PREFIX_SIZE || c[i] == PREFIX_CS))
		i++;
	if (len - i < 3 || c[i] != 0x0f || c[i + 1] != 0x1f || modrm_reg(c[i + 2]))
		return 0;
	total = i + 3 + operand_length(c[i + 2], len - i > 3 ? c[i + 3] : 0);
	return total <= len ? total : 0;
}

static bool is_emulated(const u8 *c, size_t len, bool nop_emulated)
{
	/* push of one of the 16 registers: 0x50 to 0x57, with REX.B alone for the upper eight. */
	size_t prefix = len >= 2 && c[0] == (REX | REX_B);

	if (len && (c[prefix] & 0xf8) == 0x50)
		return true;
	/*
	 * A branch or a call. With an address size prefix or a branch hint it may be emulated or
	 * refused: not accepted.
	 */
	if ((len >= 2 && (c[0] == 0xeb || is_short_jcc(c[0]))) ||
	    (len >= 5 && (c[0] == 0xe8 || c[0] == 0xe9)) || (len >= 6 && is_near_jcc(c)))
		return true;
	return short_nop_length(c, len) || (nop_emulated && long_nop_length(c, len));
}

/* === Instructions that may be skipped === */

/*
 * rax, r10 and r11 hold no argument, r8 and r9 the fifth and the sixth, which no handler reads;
 * all of them are caller-saved.
 */
static bool is_free_register(u8 reg, bool extended)
{
	return extended ? reg < 4 : reg == 0;
}

/*
 * The size of the immediate operand of a mov to such a register, and of cmp and test, which write
 * nothing but flags; -1 for any other instruction.
 */
static int immediate_size(u8 rex, u8 opcode, u8 modrm)
{
	switch (opcode) {
	/* mov r, r/m and r/m, r */
	case 0x8b:
		return is_free_register(modrm_reg(modrm), rex & REX_R) ? 0 : -1;
	case 0x89:
		if (modrm_mod(modrm) != 3)
			return -1;
		return is_free_register(modrm_rm(modrm), rex & REX_B) ? 0 : -1;
	/* cmp r/m, r and r, r/m */
	case 0x38:
	case 0x39:
	case 0x3a:
	case 0x3b:
	/* test r/m, r */
	case 0x84:
	case 0x85:
		return 0;
	/* cmp r/m, imm is /7 of a group */
	case 0x80:
	case 0x83:
		return modrm_reg(modrm) == 7 ? 1 : -1;
	case 0x81:
		return modrm_reg(modrm) == 7 ? 4 : -1;
	/* test r/m, imm is /0 of another */
	case 0xf6:
		return modrm_reg(modrm) == 0 ? 1 : -1;
	case 0xf7:
		return modrm_reg(modrm) == 0 ? 4 : -1;
	}
	return -1;
}

/* With a size prefix the immediate would be shorter: not accepted. */
static size_t compare_or_move_length(const u8 *c, size_t len)
{
	u8 rex = len && (c[0] & 0xf0) == REX ? c[0] : 0;
	size_t prefix = rex ? 1 : 0, displacement, total;
	int immediate;

	if (len < prefix + 2)
		return 0;
	c += prefix;
	/* The rm operand is a register, or a variable of the object itself. */
	if (modrm_mod(c[1]) == 3)
		displacement = 0;
	else if (modrm_mod(c[1]) == 0 && modrm_rm(c[1]) == 5)
		displacement = 4;
	else
		return 0;
	immediate = immediate_size(rex, c[0], c[1]);
	if (immediate < 0)
		return 0;
	total = prefix + 2 + displacement + immediate;
	return total <= len ? total : 0;
}

/* mov of an immediate to such a register, at most 32 bits of it. */
static size_t move_immediate_length(const u8 *c, size_t len)
{
	u8 rex = len && (c[0] & 0xf0) == REX ? c[0] : 0;
	size_t prefix = rex ? 1 : 0;

	if (len < prefix + 5 || (rex & REX_W))
		return 0;
	c += prefix;
	return (c[0] & 0xf8) == 0xb8 && is_free_register(c[0] & 7, rex & REX_B) ? prefix + 5 : 0;
}

static size_t skip_length(const u8 *c, size_t len)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t skip;

	if (len >= sizeof(endbr64) && !memcmp(c, endbr64, sizeof(endbr64)))
		return sizeof(endbr64);
	skip = short_nop_length(c, len);
	if (!skip)
		skip = long_nop_length(c, len);
	if (!skip)
		skip = move_immediate_length(c, len);
	if (!skip)
		skip = compare_or_move_length(c, len);
	return skip;
}

/* === Instructions that do the same wherever they are executed === */

/* Arithmetic, moves, lea and shifts with one-byte opcodes; at most a REX prefix. */
static bool is_data_instruction(const u8 *c, size_t len)
{
	size_t prefix = len && (c[0] & 0xf0) == REX ? 1 : 0;
	u8 opcode;

	if (len < prefix + 2)
		return false;
	opcode = c[prefix];
	/* add, or, adc, sbb, and, sub, xor, cmp; two of each eight are prefixes and the like. */
	if (opcode < 0x40)
		return (opcode & 7) <= 5;
	switch (opcode) {
	case 0x63: /* movslq */
	case 0x80: /* group 1, immediate */
	case 0x81:
	case 0x83 ... 0x85:
	case 0x88 ... 0x8b: /* mov */
	case 0x8d:	    /* lea */
	case 0xb0 ... 0xbf: /* mov immediate */
	case 0xc0:	    /* shifts */
	case 0xc1:
	case 0xc6: /* mov immediate, see below */
	case 0xc7:
	case 0xd0 ... 0xd3:
	case 0xf6: /* test, not, neg, mul, div */
	case 0xf7:
		/* xabort and xbegin have c6 f8 and c7 f8. */
		return (opcode & 0xfe) != 0xc6 || !modrm_reg(c[prefix + 1]);
	}
	return false;
}

/* === Targets of branches === */

static s64 read_rel32(const u8 *c)
{
	return (s32)(c[0] | c[1] << 8 | c[2] << 16 | (u32)c[3] << 24);
}

/*
 * True if a direct branch may land in (0, place]. Each byte is decoded as the start of an
 * instruction, so some branches are not real; then only the first instruction is used.
 */
static bool is_landed_on(const u8 *code, size_t len, size_t place)
{
	s64 i, target;

	for (i = 0; i < (s64)len; i++) {
		const u8 *c = code + i;
		size_t left = len - i;

		/* jmp, jcc, loop and jrcxz with a one-byte distance */
		if (left >= 2 && (c[0] == 0xeb || is_short_jcc(c[0]) || (c[0] & 0xfc) == 0xe0))
			target = i + 2 + (s8)c[1];
		else if (left >= 5 && (c[0] == 0xe8 || c[0] == 0xe9))
			target = i + 5 + read_rel32(c + 1);
		/* near jcc and xbegin, whose opcodes have two bytes */
		else if (left >= 6 && (is_near_jcc(c) || (c[0] == 0xc7 && c[1] == 0xf8)))
			target = i + 6 + read_rel32(c + 2);
		else
			continue;
		if (target > 0 && target <= (s64)place)
			return true;
	}
	return false;
}

/* === The places, best first === */

/* Abilities of the kernel. */
struct abilities {
	bool nop_emulated;
	bool executes;
};

static enum mlu_place_kind kind_of(const u8 *c, size_t len, const struct abilities *abilities)
{
	struct mlu_step_insn step;

	if (is_emulated(c, len, abilities->nop_emulated))
		return MLU_PLACE_EMULATED;
	if (!abilities->executes || !mlu_step_decode(c, len, &step))
		return MLU_PLACE_STEPPED;
	return mlu_step_allocates_frame(&step) ? MLU_PLACE_FRAME : MLU_PLACE_EXECUTED;
}

static void add_place(struct mlu_places *places, size_t offset, enum mlu_place_kind kind)
{
	struct mlu_place *place = &places->place[places->nr];

	if (places->nr == MLU_PLACES_MAX)
		return;
	place->offset = offset;
	place->kind = kind;
	places->nr++;
}

/* Add the places of a kind behind the first instruction. */
static void add_later_places(const u8 *code, size_t len, const struct abilities *abilities,
			     enum mlu_place_kind kind, struct mlu_places *places)
{
	size_t at = 0, skip = skip_length(code, len);

	while (skip) {
		at += skip;
		if (at > MLU_PLACE_MAX || at >= len || is_landed_on(code, len, at))
			return;
		if (kind_of(code + at, len - at, abilities) == kind &&
		    (kind != MLU_PLACE_STEPPED || is_data_instruction(code + at, len - at)))
			add_place(places, at, kind);
		skip = skip_length(code + at, len - at);
	}
}

/**
 * mlu_places_find() - find the places for a function's breakpoint
 * @code: the function's bytes from its first instruction on
 * @len: how many
 * @whole: these are all of its bytes; otherwise the only place is the first instruction
 * @nop_emulated: this kernel emulates multi-byte nops too
 * @executes: this kernel skips an instruction that the handler has executed
 * @places: the result; the first instruction, single-stepped, if the bytes cannot be decoded
 *
 * If there are more than MLU_PLACES_MAX, the worst ones are dropped.
 */
void mlu_places_find(const u8 *code, size_t len, bool whole, bool nop_emulated, bool executes,
		     struct mlu_places *places)
{
	const struct abilities abilities = { nop_emulated, executes };
	enum mlu_place_kind kind, first = kind_of(code, len, &abilities);

	places->nr = 0;
	for (kind = 0; kind < MLU_PLACE_NR_KINDS; kind++) {
		if (whole)
			add_later_places(code, len, &abilities, kind, places);
		if (first == kind)
			add_place(places, 0, kind);
	}
}
