// SPDX-License-Identifier: GPL-2.0-only
/*
 * insn_x86: decode the length of an x86-64 instruction and how it continues, see insn.h.
 *
 * An instruction is: legacy prefixes, a REX prefix or a VEX or EVEX prefix, the opcode in one of
 * several maps, a ModRM byte with its memory operand, and immediate operands.
 *
 * Sources: Intel SDM, volume 2, 2.1 to 2.7, and table A-6 (opcodes that a ModRM byte extends).
 *
 * Context: any. No locks, no state, no loop longer than an instruction.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "insn.h"
#include "insn_opcodes.h"

#define REX_W 0x08 /* 64 bits */
#define RM_SIB 4   /* a ModRM byte's rm field: an index byte follows */
#define RM_DISPLACEMENT 5

/* An instruction that is being decoded. */
struct decoder {
	const u8 *code; /* its bytes and those behind it */
	size_t len;
	size_t at;    /* how many are decoded */
	u8 rex;	      /* the REX prefix, or 0 */
	bool size;    /* there is a size prefix (66) */
	bool address; /* there is an address size prefix (67) */
	bool rep;     /* there is a rep prefix (F3) */
	bool repne;   /* there is a repne or bnd prefix (F2) */
	bool vex;     /* there is a VEX or EVEX prefix */
	u8 map;	      /* enum mlu_opcode_map */
	u8 opcode;    /* the opcode's last byte */
	u8 modrm;     /* the ModRM byte, or 0 */
};

static u8 modrm_mod(const struct decoder *d)
{
	return d->modrm >> 6;
}

static u8 modrm_reg(const struct decoder *d)
{
	return (d->modrm >> 3) & 7;
}

static bool is_one_byte(const struct decoder *d, u8 opcode)
{
	return d->map == MLU_OPCODES && d->opcode == opcode;
}

static bool read_byte(struct decoder *d, u8 *byte)
{
	if (d->at == d->len)
		return false;
	*byte = d->code[d->at++];
	return true;
}

static bool skip_bytes(struct decoder *d, size_t nr)
{
	if (nr > d->len - d->at)
		return false;
	d->at += nr;
	return true;
}

/* === Prefixes and opcode === */

/* False if it is no legacy prefix. */
static bool take_prefix(struct decoder *d, u8 byte)
{
	switch (byte) {
	case 0x26: /* segments and branch hints */
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0xf0: /* lock */
		return true;
	case 0x66:
		d->size = true;
		return true;
	case 0x67:
		d->address = true;
		return true;
	case 0xf2:
		d->repne = true;
		return true;
	case 0xf3:
		d->rep = true;
		return true;
	}
	return false;
}

/* The first byte behind the prefixes. A REX prefix that another prefix follows has no effect. */
static bool read_prefixes(struct decoder *d, u8 *byte)
{
	while (read_byte(d, byte)) {
		if (take_prefix(d, *byte))
			d->rex = 0;
		else if ((*byte & 0xf0) == 0x40)
			d->rex = *byte;
		else
			return true;
	}
	return false;
}

/* Behind the first byte of a VEX or EVEX prefix, which no prefix but of a segment may precede. */
static bool read_vex(struct decoder *d, u8 first)
{
	u8 byte[3] = {};
	size_t i, nr = first == 0xc5 ? 1 : first == 0xc4 ? 2 : 3;

	d->vex = true;
	if (d->rex || d->size || d->rep || d->repne)
		return false;
	for (i = 0; i < nr; i++)
		if (!read_byte(d, &byte[i]))
			return false;
	switch (first) {
	case 0xc5:
		d->map = MLU_OPCODES_0F;
		break;
	case 0xc4:
		d->map = byte[0] & 0x1f;
		if (d->map < MLU_OPCODES_0F || d->map > MLU_OPCODES_0F3A)
			return false;
		break;
	default: /* EVEX has constant bits. */
		d->map = byte[0] & 0x07;
		if (byte[0] & 0x08 || !(byte[1] & 0x04) || d->map < MLU_OPCODES_0F ||
		    d->map > MLU_OPCODES_EVEX_6 ||
		    (d->map > MLU_OPCODES_0F3A && d->map < MLU_OPCODES_EVEX_5))
			return false;
	}
	return read_byte(d, &d->opcode);
}

static bool read_opcode(struct decoder *d)
{
	u8 byte;

	if (!read_prefixes(d, &byte))
		return false;
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62)
		return read_vex(d, byte);
	d->opcode = byte;
	if (byte != 0x0f)
		return true;
	d->map = MLU_OPCODES_0F;
	if (!read_byte(d, &d->opcode))
		return false;
	if (d->opcode != 0x38 && d->opcode != 0x3a)
		return true;
	d->map = d->opcode == 0x38 ? MLU_OPCODES_0F38 : MLU_OPCODES_0F3A;
	return read_byte(d, &d->opcode);
}

/* === Operands === */

/* The index byte and the displacement of a memory operand. */
static bool skip_memory_operand(struct decoder *d)
{
	u8 mod = modrm_mod(d), base = d->modrm & 7;

	if (mod == 3)
		return true;
	if (base == RM_SIB) {
		if (!read_byte(d, &base))
			return false;
		base &= 7;
	}
	if (mod == 1)
		return skip_bytes(d, 1);
	if (mod == 2 || base == RM_DISPLACEMENT)
		return skip_bytes(d, 4);
	return true;
}

/* Bytes of an operand whose size depends on prefixes. */
static size_t operand_size(const struct decoder *d)
{
	return d->size && !(d->rex & REX_W) ? 2 : 4;
}

static size_t immediate_length(const struct decoder *d, char operands)
{
	switch (operands) {
	case 'b':
	case 'B':
	case 'j':
		return 1;
	case 'w':
		return 2;
	case 'e':
		return 3;
	case 'z':
	case 'Z':
		return operand_size(d);
	case 'v':
		return d->rex & REX_W ? 8 : operand_size(d);
	case 'o':
		return d->address ? 4 : 8;
	case 'J':
		return 4;
	case 't':
		return modrm_reg(d) < 2 ? 1 : 0;
	case 'T':
		return modrm_reg(d) < 2 ? operand_size(d) : 0;
	}
	return 0;
}

/* xabort and xbegin */
static bool is_transaction(const struct decoder *d)
{
	return (is_one_byte(d, 0xc6) || is_one_byte(d, 0xc7)) && d->modrm == 0xf8;
}

/* Opcodes whose ModRM byte selects the instruction, and some of its values none. */
static bool is_defined(const struct decoder *d)
{
	u8 reg = modrm_reg(d);

	if (d->map == MLU_OPCODES_0F && !d->vex) {
		if (d->opcode == 0xba)
			return reg >= 4;
		/* With these prefixes it is one of AMD's instructions. */
		return (d->opcode & 0xfe) != 0x78 || !(d->size || d->repne);
	}
	if (d->map != MLU_OPCODES)
		return true;
	switch (d->opcode) {
	case 0x8f:
		return !reg;
	case 0xc6:
	case 0xc7:
		return !reg || is_transaction(d);
	case 0xfe:
		return reg < 2;
	case 0xff:
		/* The address of a far call or jump is in memory. */
		return reg < 7 && ((reg != 3 && reg != 5) || modrm_mod(d) != 3);
	}
	return true;
}

static bool skip_operands(struct decoder *d)
{
	char operands = mlu_insn_operands(d->map, d->vex, d->opcode);

	if (operands == '-')
		return false;
	if (strchr("mBZtTr", operands)) {
		if (!read_byte(d, &d->modrm) || !is_defined(d))
			return false;
		if (operands != 'r' && !skip_memory_operand(d))
			return false;
	}
	return skip_bytes(d, immediate_length(d, operands));
}

/* === How it continues === */

static enum mlu_insn_flow flow_of_group(const struct decoder *d)
{
	switch (modrm_reg(d)) {
	case 2:
	case 3:
		return MLU_INSN_CALL;
	case 4:
		/* The displacement is relative to the end, but not if the prefix shortens it. */
		if (d->modrm == 0x25 && !d->size && !d->address)
			return MLU_INSN_JUMP_SLOT;
		return MLU_INSN_JUMP_COMPUTED;
	case 5:
		return MLU_INSN_JUMP_COMPUTED;
	}
	return MLU_INSN_NEXT;
}

static enum mlu_insn_flow flow_of_one_byte(const struct decoder *d)
{
	switch (d->opcode) {
	case 0x70 ... 0x7f: /* jcc */
	case 0xe0 ... 0xe3: /* loop, jrcxz */
		return MLU_INSN_BRANCH;
	case 0xc7:
		return is_transaction(d) ? MLU_INSN_BRANCH : MLU_INSN_NEXT;
	case 0xe8:
		return MLU_INSN_CALL;
	case 0xe9:
	case 0xeb:
		return MLU_INSN_JUMP;
	case 0xc3:
		return d->at == 1u + d->rep ? MLU_INSN_RETURN : MLU_INSN_OTHER_RETURN;
	case 0xc2: /* ret and pop; lret; iret */
	case 0xca:
	case 0xcb:
	case 0xcf:
		return MLU_INSN_OTHER_RETURN;
	case 0xcc: /* int3, hlt */
	case 0xf4:
		return MLU_INSN_STOP;
	case 0xff:
		return flow_of_group(d);
	}
	return MLU_INSN_NEXT;
}

static enum mlu_insn_flow flow_of_0f(const struct decoder *d)
{
	switch (d->opcode) {
	case 0x01: /* uiret */
		return d->rep && d->modrm == 0xec ? MLU_INSN_OTHER_RETURN : MLU_INSN_NEXT;
	case 0x07: /* sysret, sysenter, sysexit */
	case 0x34:
	case 0x35:
		return MLU_INSN_OTHER_RETURN;
	case 0x0b: /* ud2, ud1, ud0 */
	case 0xb9:
	case 0xff:
		return MLU_INSN_STOP;
	case 0x80 ... 0x8f: /* jcc */
		return MLU_INSN_BRANCH;
	}
	return MLU_INSN_NEXT;
}

static enum mlu_insn_flow flow_of(const struct decoder *d)
{
	if (d->vex)
		return MLU_INSN_NEXT;
	switch (d->map) {
	case MLU_OPCODES:
		return flow_of_one_byte(d);
	case MLU_OPCODES_0F:
		return flow_of_0f(d);
	}
	return MLU_INSN_NEXT;
}

/* The last bytes of a direct branch, jump or call, and of a jump through a slot. */
static s64 read_distance(const struct decoder *d, enum mlu_insn_flow flow)
{
	s32 distance;

	if (flow == MLU_INSN_NEXT || flow > MLU_INSN_JUMP_SLOT ||
	    (is_one_byte(d, 0xff) && flow == MLU_INSN_CALL))
		return 0;
	if (mlu_insn_operands(d->map, d->vex, d->opcode) == 'j')
		return (s8)d->code[d->at - 1];
	memcpy(&distance, d->code + d->at - sizeof(distance), sizeof(distance));
	return distance;
}

/*
 * Processors differ in what a size prefix without REX.W does to a near branch: it is ignored, or
 * shortens distance and target to 16 bits.
 */
static bool is_ambiguous(const struct decoder *d, enum mlu_insn_flow flow)
{
	return operand_size(d) == 2 && !is_one_byte(d, 0xff) &&
	       (flow == MLU_INSN_BRANCH || flow == MLU_INSN_JUMP || flow == MLU_INSN_CALL);
}

/**
 * mlu_insn_decode() - decode an instruction
 * @code: its bytes and those of later instructions
 * @len: how many
 * @insn: the result
 *
 * Return: true if the bytes begin with an instruction; false if they do not, or if it is longer
 * than @len.
 */
bool mlu_insn_decode(const u8 *code, size_t len, struct mlu_insn *insn)
{
	struct decoder d = { .code = code, .len = min_t(size_t, len, MLU_INSN_MAX) };

	if (!read_opcode(&d) || !skip_operands(&d))
		return false;
	insn->len = d.at;
	insn->flow = flow_of(&d);
	insn->distance = read_distance(&d, insn->flow);
	return !is_ambiguous(&d, insn->flow);
}
