// SPDX-License-Identifier: GPL-2.0-only
/*
 * frame_expression: evaluate a DWARF expression over a frame's registers and the stack.
 *
 * Compilers and linkers emit three kinds of expressions: a saved pointer to the CFA (realigned
 * stacks), a sum and a comparison (procedure linkage tables), and a register's address (signal
 * frames); hand-written assembler has a few more. The operations that these consist of are
 * supported, all others are refused: no jumps, and so no loops. An expression has at most MAX_OPS
 * operations.
 *
 * Source: DWARF 5, 2.5.1 and 7.7.1; 6.4.2 for what call frame information must not use.
 *
 * Pure and hostile, see cfi.h; called from handlers, does not sleep.
 */
#include <linux/kernel.h>

#include "cfi_internal.h"
#include "frame_internal.h"

#define OP_deref 0x06
#define OP_const1u 0x08
#define OP_const1s 0x09
#define OP_const2u 0x0a
#define OP_const2s 0x0b
#define OP_const4u 0x0c
#define OP_const4s 0x0d
#define OP_const8u 0x0e
#define OP_const8s 0x0f
#define OP_constu 0x10
#define OP_consts 0x11
#define OP_drop 0x13
#define OP_and 0x1a
#define OP_minus 0x1c
#define OP_mul 0x1e
#define OP_plus 0x22
#define OP_plus_uconst 0x23
#define OP_shl 0x24
#define OP_ge 0x2a
#define OP_lit0 0x30
#define OP_lit31 0x4f
#define OP_breg0 0x70
#define OP_breg31 0x8f
#define OP_bregx 0x92
#define OP_deref_size 0x94

#define MAX_OPS 128
#define STACK_SIZE 16

/* The state of one evaluation. */
struct expression {
	struct mlu_cfi_reader r;
	const struct mlu_memory *memory;
	const struct mlu_registers *regs;
	enum mlu_frame_result result; /* the first failure */
	unsigned int height;
	u64 stack[STACK_SIZE];
};

static void set_failed(struct expression *x, enum mlu_frame_result result)
{
	if (x->result == MLU_FRAME_OK)
		x->result = result;
}

static void push_value(struct expression *x, u64 value)
{
	if (x->height == STACK_SIZE)
		set_failed(x, MLU_FRAME_EXPRESSION);
	else
		x->stack[x->height++] = value;
}

/* Of an empty stack: 0, and a failure. */
static u64 pop_value(struct expression *x)
{
	if (x->height)
		return x->stack[--x->height];
	set_failed(x, MLU_FRAME_EXPRESSION);
	return 0;
}

/* The return address column means this frame's own pc: linkage tables compute with it. */
static void push_register(struct expression *x, u64 reg)
{
	s64 offset = mlu_cfi_sleb(&x->r);
	u64 value = x->regs->pc;

	if (reg != MLU_CFI_RA)
		set_failed(x, mlu_frame_get(x->regs, min_t(u64, reg, U8_MAX), x->memory, &value));
	push_value(x, value + offset);
}

static void push_memory(struct expression *x, u8 size)
{
	u64 value = 0;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		set_failed(x, MLU_FRAME_EXPRESSION);
	else if (!mlu_memory_read(x->memory, pop_value(x), &value))
		set_failed(x, MLU_FRAME_FAULT);
	else if (size < 8)
		value &= (1ULL << 8 * size) - 1;
	push_value(x, value);
}

static void run_binary(struct expression *x, u8 op)
{
	u64 b = pop_value(x), a = pop_value(x);

	switch (op) {
	case OP_and:
		a &= b;
		break;
	case OP_minus:
		a -= b;
		break;
	case OP_mul:
		a *= b;
		break;
	case OP_plus:
		a += b;
		break;
	case OP_shl:
		a = b > 63 ? 0 : a << b;
		break;
	case OP_ge:
		a = (s64)a >= (s64)b;
		break;
	}
	push_value(x, a);
}

/* False if it is no constant. */
static bool run_constant(struct expression *x, u8 op)
{
	unsigned int len, unused;

	switch (op) {
	case OP_lit0 ... OP_lit31:
		push_value(x, op - OP_lit0);
		return true;
	case OP_const1u:
	case OP_const2u:
	case OP_const4u:
	case OP_const8u:
		push_value(x, mlu_cfi_fixed(&x->r, 1U << (op - OP_const1u) / 2));
		return true;
	case OP_const1s:
	case OP_const2s:
	case OP_const4s:
	case OP_const8s:
		len = 1U << (op - OP_const1s) / 2;
		unused = 64 - 8 * len;
		push_value(x, (s64)(mlu_cfi_fixed(&x->r, len) << unused) >> unused);
		return true;
	case OP_constu:
		push_value(x, mlu_cfi_uleb(&x->r));
		return true;
	case OP_consts:
		push_value(x, mlu_cfi_sleb(&x->r));
		return true;
	default:
		return false;
	}
}

static void run_operation(struct expression *x)
{
	u8 op = mlu_cfi_byte(&x->r);

	switch (op) {
	case OP_breg0 ... OP_breg31:
		push_register(x, op - OP_breg0);
		break;
	case OP_bregx:
		push_register(x, mlu_cfi_uleb(&x->r));
		break;
	case OP_deref:
		push_memory(x, 8);
		break;
	case OP_deref_size:
		push_memory(x, mlu_cfi_byte(&x->r));
		break;
	case OP_drop:
		pop_value(x);
		break;
	case OP_plus_uconst:
		push_value(x, pop_value(x) + mlu_cfi_uleb(&x->r));
		break;
	case OP_and:
	case OP_minus:
	case OP_mul:
	case OP_plus:
	case OP_shl:
	case OP_ge:
		run_binary(x, op);
		break;
	default:
		if (!run_constant(x, op))
			set_failed(x, MLU_FRAME_EXPRESSION);
	}
	if (x->r.failed)
		set_failed(x, MLU_FRAME_EXPRESSION);
}

/**
 * mlu_frame_evaluate() - evaluate an expression
 * @cfi: the section that it is in
 * @pos: the position of its length in the section
 * @memory: the stack
 * @regs: the frame's registers
 * @first: a value to push before it starts, or NULL
 * @result: the value on top of the stack at its end
 *
 * Out of line, as struct expression is large and rarely needed.
 *
 * Return: MLU_FRAME_OK, or why there is no result.
 */
noinline enum mlu_frame_result mlu_frame_evaluate(const struct mlu_cfi *cfi, s32 pos,
						  const struct mlu_memory *memory,
						  const struct mlu_registers *regs,
						  const u64 *first, u64 *result)
{
	struct expression x = {
		.r = { .data = cfi->data, .pos = pos, .end = cfi->size },
		.memory = memory,
		.regs = regs,
	};
	unsigned int nr_ops = 0;
	u64 len;

	if (pos < 0 || (u32)pos > cfi->size)
		return MLU_FRAME_EXPRESSION;
	len = mlu_cfi_uleb(&x.r);
	if (x.r.failed || len > mlu_cfi_left(&x.r))
		return MLU_FRAME_EXPRESSION;
	x.r.end = x.r.pos + len;
	if (first)
		push_value(&x, *first);
	while (x.r.pos < x.r.end && x.result == MLU_FRAME_OK) {
		run_operation(&x);
		if (++nr_ops > MAX_OPS)
			set_failed(&x, MLU_FRAME_EXPRESSION);
	}
	*result = pop_value(&x);
	return x.result;
}
