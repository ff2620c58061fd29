// SPDX-License-Identifier: GPL-2.0-only
/*
 * cfi_machine: interpret an entry's operations up to an address.
 *
 * A row gives the CFA and the location of each register at one address. The CIE's operations define
 * the initial row, the FDE's change it, from the first address of the code to the last.
 *
 * Source: DWARF 5, 6.4.2 and 6.4.3; 7.24 for the encodings; LSB Core 5.0, 10.5.1 for DW_CFA_GNU_.
 *
 * Pure and hostile, see cfi.h.
 */
#include <linux/kernel.h>

#include "cfi_internal.h"

/* Operations with an operand in the lower six bits. */
#define CFA_advance_loc 0x40
#define CFA_offset 0x80
#define CFA_restore 0xc0
#define CFA_HIGH 0xc0
#define CFA_LOW 0x3f

#define CFA_nop 0x00
#define CFA_set_loc 0x01
#define CFA_advance_loc1 0x02
#define CFA_advance_loc2 0x03
#define CFA_advance_loc4 0x04
#define CFA_offset_extended 0x05
#define CFA_restore_extended 0x06
#define CFA_undefined 0x07
#define CFA_same_value 0x08
#define CFA_register 0x09
#define CFA_remember_state 0x0a
#define CFA_restore_state 0x0b
#define CFA_def_cfa 0x0c
#define CFA_def_cfa_register 0x0d
#define CFA_def_cfa_offset 0x0e
#define CFA_def_cfa_expression 0x0f
#define CFA_expression 0x10
#define CFA_offset_extended_sf 0x11
#define CFA_def_cfa_sf 0x12
#define CFA_def_cfa_offset_sf 0x13
#define CFA_val_offset 0x14
#define CFA_val_offset_sf 0x15
#define CFA_val_expression 0x16
#define CFA_GNU_args_size 0x2e
#define CFA_GNU_negative_offset_extended 0x2f

/* The first reason is kept. After a read behind the end, that is the reason. */
static void set_refusal(struct mlu_cfi_machine *m, enum mlu_cfi_refusal refusal)
{
	if (m->refusal == MLU_CFI_OK && refusal != MLU_CFI_OK)
		m->refusal = m->r.failed ? MLU_CFI_TRUNCATED : refusal;
}

static s32 to_s32(struct mlu_cfi_machine *m, s64 value)
{
	if (value < S32_MIN || value > S32_MAX) {
		set_refusal(m, MLU_CFI_RANGE);
		return 0;
	}
	return value;
}

/* The product of two s32 fits an s64. */
static s32 scale_offset(struct mlu_cfi_machine *m, s64 value)
{
	return to_s32(m, (s64)to_s32(m, value) * m->cie->data_align);
}

/* A large unsigned number must not become a negative one. */
static s64 read_unsigned(struct mlu_cfi_machine *m)
{
	u64 value = mlu_cfi_uleb(&m->r);

	if (value > S32_MAX)
		set_refusal(m, MLU_CFI_RANGE);
	return value & S32_MAX;
}

static unsigned int read_register(struct mlu_cfi_machine *m)
{
	u64 reg = mlu_cfi_uleb(&m->r);

	if (reg > MLU_CFI_LAST_REGISTER)
		set_refusal(m, MLU_CFI_REGISTER);
	return reg & 0xff;
}

/* A register whose value is needed: only these are kept in struct mlu_registers. */
static unsigned int read_base(struct mlu_cfi_machine *m)
{
	unsigned int reg = read_register(m);

	if (reg >= MLU_CFI_NR_REGS)
		set_refusal(m, MLU_CFI_REGISTER);
	return reg;
}

static void set_register(struct mlu_cfi_machine *m, unsigned int reg, enum mlu_cfi_how how,
			 s32 value)
{
	if (reg > MLU_CFI_RA)
		return;
	m->row->how[reg] = how;
	m->row->value[reg] = value;
	m->row->listed |= 1U << reg;
}

/* Skip an expression. Returns the position of its length. */
static s32 skip_expression(struct mlu_cfi_machine *m)
{
	s32 pos = m->r.pos;

	mlu_cfi_skip(&m->r, mlu_cfi_uleb(&m->r));
	return pos;
}

static void set_cfa(struct mlu_cfi_machine *m, unsigned int reg, s32 offset)
{
	m->row->cfa_expression = false;
	m->row->cfa_set = true;
	m->row->cfa_reg = reg;
	m->row->cfa_value = offset;
}

/* Changes either register or offset, so the CFA must have both. */
static void change_cfa(struct mlu_cfi_machine *m, unsigned int reg, s32 offset)
{
	if (!m->row->cfa_set || m->row->cfa_expression)
		set_refusal(m, MLU_CFI_OPERATION);
	set_cfa(m, reg, offset);
}

static void restore_register(struct mlu_cfi_machine *m, unsigned int reg)
{
	const struct mlu_cfi_row *initial = &m->scratch->initial;

	if (m->in_cie) {
		set_refusal(m, MLU_CFI_OPERATION);
		return;
	}
	if (reg > MLU_CFI_RA)
		return;
	m->row->how[reg] = initial->how[reg];
	m->row->value[reg] = initial->value[reg];
	m->row->listed &= ~(1U << reg);
	m->row->listed |= initial->listed & 1U << reg;
}

static void advance_loc(struct mlu_cfi_machine *m, u64 delta)
{
	u64 by = delta * m->cie->code_align;

	if (m->in_cie)
		set_refusal(m, MLU_CFI_OPERATION);
	else if (by > U64_MAX - m->loc)
		set_refusal(m, MLU_CFI_RANGE);
	else
		m->loc += by;
}

/* Operations that set the rule of a register; false if @op is another one. */
static bool run_register(struct mlu_cfi_machine *m, u8 op)
{
	unsigned int reg;

	switch (op) {
	case CFA_offset_extended:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_AT_OFFSET, scale_offset(m, read_unsigned(m)));
		return true;
	case CFA_offset_extended_sf:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_AT_OFFSET, scale_offset(m, mlu_cfi_sleb(&m->r)));
		return true;
	case CFA_GNU_negative_offset_extended:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_AT_OFFSET, scale_offset(m, -read_unsigned(m)));
		return true;
	case CFA_val_offset:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_IS_OFFSET, scale_offset(m, read_unsigned(m)));
		return true;
	case CFA_val_offset_sf:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_IS_OFFSET, scale_offset(m, mlu_cfi_sleb(&m->r)));
		return true;
	case CFA_register:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_IN_REGISTER, read_base(m));
		return true;
	case CFA_expression:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_AT_EXPRESSION, skip_expression(m));
		return true;
	case CFA_val_expression:
		reg = read_register(m);
		set_register(m, reg, MLU_CFI_IS_EXPRESSION, skip_expression(m));
		return true;
	case CFA_undefined:
		set_register(m, read_register(m), MLU_CFI_UNDEFINED, 0);
		return true;
	case CFA_same_value:
		set_register(m, read_register(m), MLU_CFI_SAME, 0);
		return true;
	case CFA_restore_extended:
		restore_register(m, read_register(m));
		return true;
	default:
		return false;
	}
}

/* Operations that set the CFA; false if @op is another one. */
static bool run_cfa(struct mlu_cfi_machine *m, u8 op)
{
	unsigned int reg;

	switch (op) {
	case CFA_def_cfa:
		reg = read_base(m);
		set_cfa(m, reg, read_unsigned(m));
		return true;
	case CFA_def_cfa_sf:
		reg = read_base(m);
		set_cfa(m, reg, scale_offset(m, mlu_cfi_sleb(&m->r)));
		return true;
	case CFA_def_cfa_register:
		change_cfa(m, read_base(m), m->row->cfa_value);
		return true;
	case CFA_def_cfa_offset:
		change_cfa(m, m->row->cfa_reg, read_unsigned(m));
		return true;
	case CFA_def_cfa_offset_sf:
		change_cfa(m, m->row->cfa_reg, scale_offset(m, mlu_cfi_sleb(&m->r)));
		return true;
	case CFA_def_cfa_expression:
		set_cfa(m, 0, skip_expression(m));
		m->row->cfa_expression = true;
		return true;
	default:
		return false;
	}
}

/* Operations on the position and on whole rows. */
static void run_other(struct mlu_cfi_machine *m, u8 op)
{
	u64 loc;

	switch (op) {
	case CFA_nop:
		break;
	case CFA_set_loc:
		set_refusal(m, mlu_cfi_address(m->cfi, &m->r, m->cie->encoding, &loc));
		if (m->in_cie || loc < m->loc)
			set_refusal(m, MLU_CFI_OPERATION);
		m->loc = loc;
		break;
	case CFA_advance_loc1:
		advance_loc(m, mlu_cfi_fixed(&m->r, 1));
		break;
	case CFA_advance_loc2:
		advance_loc(m, mlu_cfi_fixed(&m->r, 2));
		break;
	case CFA_advance_loc4:
		advance_loc(m, mlu_cfi_fixed(&m->r, 4));
		break;
	case CFA_remember_state:
		if (m->nr_states == MLU_CFI_MAX_STATES)
			set_refusal(m, MLU_CFI_STATES);
		else
			m->scratch->states[m->nr_states++] = *m->row;
		break;
	case CFA_restore_state:
		if (!m->nr_states)
			set_refusal(m, MLU_CFI_STATES);
		else
			*m->row = m->scratch->states[--m->nr_states];
		break;
	case CFA_GNU_args_size:
		mlu_cfi_uleb(&m->r);
		break;
	default:
		set_refusal(m, MLU_CFI_OPERATION);
	}
}

/**
 * mlu_cfi_run() - run operations up to the row of the machine's address
 * @m: the machine
 * @ops: position of the operations
 * @ops_end: position behind them
 *
 * A row applies to the addresses from its own to that of the next row.
 */
void mlu_cfi_run(struct mlu_cfi_machine *m, u32 ops, u32 ops_end)
{
	m->r.data = m->cfi->data;
	m->r.pos = ops;
	m->r.end = ops_end;
	m->r.failed = false;
	while (m->r.pos < m->r.end && m->loc <= m->addr && m->refusal == MLU_CFI_OK) {
		u8 op = mlu_cfi_byte(&m->r);

		switch (op & CFA_HIGH) {
		case CFA_advance_loc:
			advance_loc(m, op & CFA_LOW);
			break;
		case CFA_offset:
			set_register(m, op & CFA_LOW, MLU_CFI_AT_OFFSET,
				     scale_offset(m, read_unsigned(m)));
			break;
		case CFA_restore:
			restore_register(m, op & CFA_LOW);
			break;
		default:
			if (!run_cfa(m, op) && !run_register(m, op))
				run_other(m, op);
		}
		if (m->r.failed)
			set_refusal(m, MLU_CFI_TRUNCATED);
		if (++m->nr_ops > MLU_CFI_MAX_OPS)
			set_refusal(m, MLU_CFI_TOO_LONG);
	}
}
