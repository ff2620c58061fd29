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

/* With an address size prefix or a branch hint it may be emulated or refused: not accepted. */
static bool is_branch(const u8 *c, size_t len)
{
	if (len >= 2 && (c[0] == 0xeb || is_short_jcc(c[0])))
		return true;
	if (len >= 5 && (c[0] == 0xe8 || c[0] == 0xe9))
		return true;
	return len >= 6 && is_near_jcc(c);
}

/* push of one of the 16 registers: 0x50 to 0x57, with REX.B alone for the upper eight. */
static bool is_push(const u8 *c, size_t len)
{
	if (len >= 2 && c[0] == (REX | REX_B))
		c++;
	return len && (c[0] & 0xf8) == 0x50;
}

/* 90 and 66 90; with F3 it is pause, with REX.B an exchange. */
static bool is_short_nop(const u8 *c, size_t len)
{
	return (len >= 1 && c[0] == 0x90) || (len >= 2 && c[0] == PREFIX_SIZE && c[1] == 0x90);
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
	return is_push(c, len) || is_branch(c, len) || is_short_nop(c, len) ||
	       (nop_emulated && long_nop_length(c, len));
}

/* === Instructions that may be skipped === */

static size_t endbr64_length(const u8 *c, size_t len)
{
	static const u8 bytes[] = { 0xf3, 0x0f, 0x1e, 0xfa };

	return len >= sizeof(bytes) && !memcmp(c, bytes, sizeof(bytes)) ? sizeof(bytes) : 0;
}

/* A register or a variable of the object itself: the ModRM byte and its displacement. */
static size_t plain_operand_length(u8 modrm)
{
	if (modrm_mod(modrm) == 3)
		return 1;
	return modrm_mod(modrm) == 0 && modrm_rm(modrm) == 5 ? 5 : 0;
}

/*
 * rax, r10 and r11 hold no argument, r8 and r9 the fifth and the sixth, which no handler reads;
 * all of them are caller-saved.
 */
static bool is_free_register(u8 reg, bool extended)
{
	return extended ? reg < 4 : reg == 0;
}

/* mov to such a register, from any register or from a variable of the object itself. */
static bool is_harmless_move(u8 rex, u8 opcode, u8 modrm)
{
	if (opcode == 0x8b)
		return is_free_register(modrm_reg(modrm), rex & REX_R);
	return opcode == 0x89 && modrm_mod(modrm) == 3 &&
	       is_free_register(modrm_rm(modrm), rex & REX_B);
}

/*
 * The size of the immediate operand of cmp and test, which write nothing but flags; -1 for any
 * other instruction.
 */
static int compare_immediate(u8 opcode, u8 modrm)
{
	switch (opcode) {
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
	size_t prefix = rex ? 1 : 0, operand, total;
	int immediate;

	if (len < prefix + 2)
		return 0;
	c += prefix;
	operand = plain_operand_length(c[1]);
	immediate = is_harmless_move(rex, c[0], c[1]) ? 0 : compare_immediate(c[0], c[1]);
	if (!operand || immediate < 0)
		return 0;
	total = prefix + 1 + operand + immediate;
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

static size_t short_nop_length(const u8 *c, size_t len)
{
	if (!is_short_nop(c, len))
		return 0;
	return c[0] == PREFIX_SIZE ? 2 : 1;
}

static size_t skip_length(const u8 *c, size_t len)
{
	size_t skip = endbr64_length(c, len);

	if (!skip)
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

/* jmp, jcc, loop and jrcxz with a one-byte distance. */
static bool is_short_branch(u8 opcode)
{
	return opcode == 0xeb || is_short_jcc(opcode) || (opcode & 0xfc) == 0xe0;
}

/* Near jcc and xbegin, whose opcodes have two bytes. */
static bool is_long_branch(const u8 *c)
{
	return is_near_jcc(c) || (c[0] == 0xc7 && c[1] == 0xf8);
}

/* False if there is no branch at @c; the distance is from @c. */
static bool branch_distance(const u8 *c, size_t len, s64 *distance)
{
	if (len >= 2 && is_short_branch(c[0]))
		*distance = 2 + (s8)c[1];
	else if (len >= 5 && (c[0] == 0xe8 || c[0] == 0xe9))
		*distance = 5 + read_rel32(c + 1);
	else if (len >= 6 && is_long_branch(c))
		*distance = 6 + read_rel32(c + 2);
	else
		return false;
	return true;
}

/*
 * True if a direct branch may land in (0, place]. Each byte is decoded as the start of an
 * instruction, so some branches are not real; then only the first instruction is used.
 */
static bool is_landed_on(const u8 *code, size_t len, size_t place)
{
	size_t i;
	s64 distance, target;

	for (i = 0; i < len; i++) {
		if (!branch_distance(code + i, len - i, &distance))
			continue;
		target = (s64)i + distance;
		if (target > 0 && target <= (s64)place)
			return true;
	}
	return false;
}

/* === The places, best first === */

static void add_place(struct mlu_places *places, size_t offset, bool emulated)
{
	struct mlu_place *place = &places->place[places->nr];

	if (places->nr == MLU_PLACES_MAX)
		return;
	place->offset = offset;
	place->emulated = emulated;
	places->nr++;
}

/* Add places behind the first instruction, either emulated ones or others. */
static void add_later_places(const u8 *code, size_t len, bool nop_emulated, bool emulated,
			     struct mlu_places *places)
{
	size_t at = 0, skip = skip_length(code, len);

	while (skip) {
		bool is;

		at += skip;
		if (at > MLU_PLACE_MAX || at >= len || is_landed_on(code, len, at))
			return;
		is = is_emulated(code + at, len - at, nop_emulated);
		if (emulated ? is : !is && is_data_instruction(code + at, len - at))
			add_place(places, at, emulated);
		skip = skip_length(code + at, len - at);
	}
}

/**
 * mlu_places_find() - find the places for a function's breakpoint
 * @code: the function's bytes from its first instruction on
 * @len: how many
 * @whole: these are all of its bytes; otherwise the only place is the first instruction
 * @nop_emulated: this kernel emulates multi-byte nops too
 * @places: the result; the first instruction, not emulated, if the bytes cannot be decoded
 *
 * If there are more than MLU_PLACES_MAX, the worst ones are dropped.
 */
void mlu_places_find(const u8 *code, size_t len, bool whole, bool nop_emulated,
		     struct mlu_places *places)
{
	bool first_is_emulated = is_emulated(code, len, nop_emulated);

	places->nr = 0;
	if (whole)
		add_later_places(code, len, nop_emulated, true, places);
	if (first_is_emulated)
		add_place(places, 0, true);
	if (whole)
		add_later_places(code, len, nop_emulated, false, places);
	if (!first_is_emulated)
		add_place(places, 0, false);
}
