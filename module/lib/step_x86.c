// SPDX-License-Identifier: GPL-2.0-only
/*
 * step_x86: decode an instruction under a breakpoint, see step.h.
 *
 * An instruction here is: at most one size prefix, at most one REX prefix, an opcode of one byte,
 * and what its form needs: a ModRM byte with its operand, an immediate. Nops may have more prefixes
 * and an opcode of two bytes.
 *
 * Source: Intel SDM, volume 2, 2.1, 2.2.1 and tables A-2 and A-6 (opcode map of one byte, and
 * opcodes that a ModRM byte extends).
 *
 * Context: any. No locks, no state, no loop longer than an instruction.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "insn.h"
#include "step.h"

/* Prefixes, named as in the processor's manual. */
#define PREFIX_CS 0x2e
#define PREFIX_SIZE 0x66
#define REX 0x40
#define REX_B 0x01 /* extends the ModRM byte's rm field, or the opcode's register */
#define REX_X 0x02 /* extends the index of a memory operand */
#define REX_R 0x04 /* extends its reg field */
#define REX_W 0x08 /* 64 bits */
/* The ModRM byte's rm field: an index byte follows, or the address is relative to ip. */
#define RM_INDEX 4
#define RM_IP 5
/* The index byte's base field, if the ModRM byte's mod field is 0: there is no base. */
#define BASE_NONE 5

/* The operands of an instruction, in the order of struct mlu_step_insn. */
enum form {
	RM_REGISTER, /* of the ModRM byte */
	REGISTER_RM,
	REGISTER_ADDRESS,   /* lea */
	RM_IMMEDIATE,	    /* of four bytes at most */
	RM_SHORT_IMMEDIATE, /* of one byte */
	OPCODE_IMMEDIATE,   /* the register is in the opcode; of up to eight bytes */
	AX_IMMEDIATE,	    /* of four bytes at most */
};

struct decoder {
	const u8 *code;
	size_t len;
	size_t at; /* how many bytes are decoded */
	bool has_size_prefix;
	u8 rex; /* the prefix, or 0 */
	u8 opcode;
	u8 modrm;
	enum form form;
};

static bool read_byte(struct decoder *d, u8 *byte)
{
	if (d->at == d->len)
		return false;
	*byte = d->code[d->at++];
	return true;
}

/* Sign-extended. @nr: 1, 2, 4 or 8. */
static bool read_number(struct decoder *d, size_t nr, s64 *number)
{
	u64 bits = 0;
	size_t i;

	if (nr > d->len - d->at)
		return false;
	for (i = 0; i < nr; i++)
		bits |= (u64)d->code[d->at++] << 8 * i;
	*number = (s64)(bits << (64 - 8 * nr)) >> (64 - 8 * nr);
	return true;
}

static u8 modrm_mod(const struct decoder *d)
{
	return d->modrm >> 6;
}

static u8 modrm_reg(const struct decoder *d)
{
	return (d->modrm >> 3) & 7;
}

static u8 modrm_rm(const struct decoder *d)
{
	return d->modrm & 7;
}

/* === Opcodes === */

/* Adc and sbb, which read the carry flag, are not needed. */
static bool operation_of_number(u8 number, u8 *operation)
{
	static const u8 operations[] = {
		MLU_STEP_ADD, MLU_STEP_OR,	0, 0, MLU_STEP_AND, MLU_STEP_SUB,
		MLU_STEP_XOR, MLU_STEP_COMPARE,
	};

	*operation = operations[number & 7];
	return *operation;
}

/* The first quarter of the opcode map: eight operations, each in six forms. */
static bool take_arithmetic(struct decoder *d, struct mlu_step_insn *step)
{
	static const enum form forms[] = { RM_REGISTER, REGISTER_RM, AX_IMMEDIATE };
	u8 form = (d->opcode & 7) >> 1;

	if (form >= ARRAY_SIZE(forms))
		return false;
	d->form = forms[form];
	return operation_of_number(d->opcode >> 3, &step->operation);
}

/* Opcodes that the ModRM byte's reg field extends; it is not read yet. */
static bool take_group(struct decoder *d, struct mlu_step_insn *step)
{
	u8 number;

	if (d->at == d->len)
		return false;
	number = (d->code[d->at] >> 3) & 7;
	d->form = d->opcode == 0x83 ? RM_SHORT_IMMEDIATE : RM_IMMEDIATE;
	switch (d->opcode) {
	case 0xc6:
	case 0xc7:
		step->operation = MLU_STEP_MOVE;
		return !number;
	case 0xf6:
	case 0xf7:
		step->operation = MLU_STEP_TEST;
		return !number;
	}
	return operation_of_number(number, &step->operation);
}

/* Set operation and form. */
static bool take_opcode(struct decoder *d, struct mlu_step_insn *step)
{
	if (d->opcode < 0x40)
		return take_arithmetic(d, step);
	step->operation = MLU_STEP_MOVE;
	switch (d->opcode) {
	case 0x80:
	case 0x81:
	case 0x83:
	case 0xc6:
	case 0xc7:
	case 0xf6:
	case 0xf7:
		return take_group(d, step);
	case 0x84:
	case 0x85:
		step->operation = MLU_STEP_TEST;
		fallthrough;
	case 0x88:
	case 0x89:
		d->form = RM_REGISTER;
		return true;
	case 0x8a:
	case 0x8b:
		d->form = REGISTER_RM;
		return true;
	case 0x8d:
		d->form = REGISTER_ADDRESS;
		return true;
	case 0xa8:
	case 0xa9:
		step->operation = MLU_STEP_TEST;
		d->form = AX_IMMEDIATE;
		return true;
	case 0xb0 ... 0xbf:
		d->form = OPCODE_IMMEDIATE;
		return true;
	}
	return false;
}

/* Most opcodes come in pairs, of which the first has operands of one byte. */
static u8 operand_size(const struct decoder *d)
{
	bool is_byte = d->form == OPCODE_IMMEDIATE ? d->opcode < 0xb8 : !(d->opcode & 1);

	/* lea and the group with a short immediate have odd numbers. */
	if (is_byte)
		return 1;
	if (d->rex & REX_W)
		return 8;
	return d->has_size_prefix ? 2 : 4;
}

/* === Operands === */

static u8 register_number(const struct decoder *d, u8 number, u8 extension)
{
	return number | (d->rex & extension ? 8 : 0);
}

/* Without a REX prefix, the byte registers 4 to 7 are the second bytes of 0 to 3: refused. */
static bool is_plain_register(const struct decoder *d, const struct mlu_step_insn *step, u8 number)
{
	return step->size != 1 || d->rex || number < 4;
}

/* The index byte of a memory operand. One without a base is refused. */
static bool take_index(struct decoder *d, struct mlu_step_insn *step)
{
	u8 byte;

	if (!read_byte(d, &byte) || (modrm_mod(d) == 0 && (byte & 7) == BASE_NONE))
		return false;
	step->base = register_number(d, byte & 7, REX_B);
	step->index = register_number(d, (byte >> 3) & 7, REX_X);
	step->scale = byte >> 6;
	return true;
}

/* A memory operand. */
static bool take_address(struct decoder *d, struct mlu_step_insn *step)
{
	bool is_relative = modrm_mod(d) == 0 && modrm_rm(d) == RM_IP;
	s64 displacement = 0;
	bool good = true;

	step->base = is_relative ? MLU_STEP_RIP : register_number(d, modrm_rm(d), REX_B);
	step->index = MLU_STEP_RSP;
	if (modrm_rm(d) == RM_INDEX)
		good = take_index(d, step);
	if (good && modrm_mod(d) == 1)
		good = read_number(d, 1, &displacement);
	else if (good && (is_relative || modrm_mod(d) == 2))
		good = read_number(d, 4, &displacement);
	step->displacement = displacement;
	return good;
}

static bool take_rm(struct decoder *d, struct mlu_step_insn *step, u8 *operand, u8 *number)
{
	if (modrm_mod(d) != 3) {
		*operand = d->form == REGISTER_ADDRESS ? MLU_STEP_ADDRESS : MLU_STEP_MEMORY;
		return take_address(d, step);
	}
	*operand = MLU_STEP_REGISTER;
	*number = register_number(d, modrm_rm(d), REX_B);
	return d->form != REGISTER_ADDRESS && is_plain_register(d, step, *number);
}

static bool take_immediate(struct decoder *d, struct mlu_step_insn *step)
{
	size_t nr = d->form == OPCODE_IMMEDIATE ? step->size : min_t(u8, step->size, 4);
	s64 immediate;

	if (!read_number(d, d->form == RM_SHORT_IMMEDIATE ? 1 : nr, &immediate))
		return false;
	step->second = MLU_STEP_IMMEDIATE;
	step->immediate = immediate;
	return true;
}

static bool take_operands(struct decoder *d, struct mlu_step_insn *step)
{
	u8 reg;

	switch (d->form) {
	case OPCODE_IMMEDIATE:
		step->first_register = register_number(d, d->opcode & 7, REX_B);
		return is_plain_register(d, step, step->first_register) && take_immediate(d, step);
	case AX_IMMEDIATE:
		return take_immediate(d, step);
	default:
		break;
	}
	if (!read_byte(d, &d->modrm))
		return false;
	reg = register_number(d, modrm_reg(d), REX_R);
	switch (d->form) {
	case RM_REGISTER:
		step->second_register = reg;
		return is_plain_register(d, step, reg) &&
		       take_rm(d, step, &step->first, &step->first_register);
	case REGISTER_RM:
	case REGISTER_ADDRESS:
		step->first_register = reg;
		return is_plain_register(d, step, reg) &&
		       take_rm(d, step, &step->second, &step->second_register);
	default:
		return take_rm(d, step, &step->first, &step->first_register) &&
		       take_immediate(d, step);
	}
}

/* === Instructions === */

/* Memory is not written, and the stack pointer only moved by a constant. */
static bool is_allowed(const struct mlu_step_insn *step)
{
	s64 immediate = step->immediate;

	if (mlu_step_changes_flags_only(step))
		return true;
	if (step->first != MLU_STEP_REGISTER)
		return false;
	if (step->first_register != MLU_STEP_RSP)
		return true;
	return step->size == 8 && step->second == MLU_STEP_IMMEDIATE &&
	       ((step->operation == MLU_STEP_SUB && immediate > 0) ||
		(step->operation == MLU_STEP_ADD && immediate < 0));
}

/* 90 and 66 90; endbr64; 0F 1F /0 with any number of size and segment prefixes: padding. */
static bool is_nop(const u8 *c, size_t len)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t i = 0;

	if (len == 1 || (len == 2 && c[0] == PREFIX_SIZE))
		return c[len - 1] == 0x90;
	if (len == sizeof(endbr64) && !memcmp(c, endbr64, len))
		return true;
	while (i < len && (c[i] == PREFIX_SIZE || c[i] == PREFIX_CS))
		i++;
	return len - i >= 3 && c[i] == 0x0f && c[i + 1] == 0x1f && !((c[i + 2] >> 3) & 7);
}

/**
 * mlu_step_decode() - decode an instruction that can be executed on saved registers
 * @code: its bytes and those of later instructions
 * @len: how many
 * @step: the result
 *
 * Return: false if it is another instruction, or longer than @len.
 */
bool mlu_step_decode(const u8 *code, size_t len, struct mlu_step_insn *step)
{
	struct decoder d = { .code = code };
	struct mlu_insn insn;

	if (!mlu_insn_decode(code, len, &insn) || insn.flow != MLU_INSN_NEXT)
		return false;
	memset(step, 0, sizeof(*step));
	step->len = insn.len;
	if (is_nop(code, insn.len))
		return true;
	d.len = insn.len;
	d.has_size_prefix = code[0] == PREFIX_SIZE;
	d.at = d.has_size_prefix;
	if (!read_byte(&d, &d.opcode))
		return false;
	if ((d.opcode & 0xf0) == REX) {
		d.rex = d.opcode;
		if (!read_byte(&d, &d.opcode))
			return false;
	}
	if (!take_opcode(&d, step))
		return false;
	step->size = operand_size(&d);
	return take_operands(&d, step) && d.at == d.len && is_allowed(step);
}
