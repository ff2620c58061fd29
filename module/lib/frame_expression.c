// SPDX-License-Identifier: GPL-2.0-only
/*
 * frame_expression: what a DWARF expression comes to, over a frame's registers and the stack.
 *
 * A machine with a stack of its own.  It jumps forward only, so that it ends, and it makes at most
 * MAX_OPS steps.  Compilers emit three kinds: a saved pointer to the CFA (realigned stacks), a sum
 * and a comparison (procedure linkage tables), and a register's address (signal frames); people who
 * write assembler emit others.
 *
 * Source: DWARF 5, 2.5.1 and 7.7.1; 6.4.2 for what may not be used in call frame information.
 *
 * Pure and hostile, see cfi.h; entered from handlers, does not sleep.
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
#define OP_dup 0x12
#define OP_drop 0x13
#define OP_over 0x14
#define OP_pick 0x15
#define OP_swap 0x16
#define OP_rot 0x17
#define OP_abs 0x19
#define OP_and 0x1a
#define OP_div 0x1b
#define OP_minus 0x1c
#define OP_mod 0x1d
#define OP_mul 0x1e
#define OP_neg 0x1f
#define OP_not 0x20
#define OP_or 0x21
#define OP_plus 0x22
#define OP_plus_uconst 0x23
#define OP_shl 0x24
#define OP_shr 0x25
#define OP_shra 0x26
#define OP_xor 0x27
#define OP_bra 0x28
#define OP_eq 0x29
#define OP_ge 0x2a
#define OP_gt 0x2b
#define OP_le 0x2c
#define OP_lt 0x2d
#define OP_ne 0x2e
#define OP_skip 0x2f
#define OP_lit0 0x30
#define OP_lit31 0x4f
#define OP_breg0 0x70
#define OP_breg31 0x8f
#define OP_bregx 0x92
#define OP_deref_size 0x94
#define OP_nop 0x96

#define MAX_OPS 128
#define STACK_SIZE 16

struct machine {
	struct mlu_cfi_reader r;
	const struct mlu_memory *memory;
	const struct mlu_registers *regs;
	enum mlu_frame_result result;
	unsigned int height;
	u64 stack[STACK_SIZE];
};

static void fail(struct machine *m, enum mlu_frame_result result)
{
	if (m->result == MLU_FRAME_OK)
		m->result = result;
}

static void push(struct machine *m, u64 value)
{
	if (m->height == STACK_SIZE)
		fail(m, MLU_FRAME_EXPRESSION);
	else
		m->stack[m->height++] = value;
}

/* The entry @depth below the top; what is not there is 0, and a failure. */
static u64 peek(struct machine *m, unsigned int depth)
{
	if (depth < m->height)
		return m->stack[m->height - 1 - depth];
	fail(m, MLU_FRAME_EXPRESSION);
	return 0;
}

static u64 pop(struct machine *m)
{
	u64 value = peek(m, 0);

	if (m->height)
		m->height--;
	return value;
}

/* The return address column stands for the frame's own pc: linkage tables ask where they are. */
static void push_register(struct machine *m, u64 reg, s64 offset)
{
	u64 value = m->regs->pc;

	if (reg != MLU_CFI_RA)
		fail(m, mlu_frame_get(m->regs, min_t(u64, reg, U8_MAX), m->memory, &value));
	push(m, value + offset);
}

static void deref(struct machine *m, u8 size)
{
	u64 value = 0;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		fail(m, MLU_FRAME_EXPRESSION);
	else if (!mlu_memory_read(m->memory, pop(m), &value))
		fail(m, MLU_FRAME_FAULT);
	else if (size < 8)
		value &= (1ULL << 8 * size) - 1;
	push(m, value);
}

static void jump(struct machine *m, bool taken)
{
	s16 by = mlu_cfi_fixed(&m->r, 2);

	if (!taken)
		return;
	if (by < 0)
		fail(m, MLU_FRAME_EXPRESSION);
	else
		mlu_cfi_skip(&m->r, by);
}

static void rotate(struct machine *m)
{
	u64 first = pop(m), second = pop(m), third = pop(m);

	push(m, first);
	push(m, third);
	push(m, second);
}

static void swap_two(struct machine *m)
{
	u64 first = pop(m), second = pop(m);

	push(m, first);
	push(m, second);
}

/* Signed, as the standard wants it; what the processor would refuse is refused. */
static u64 divide(struct machine *m, s64 a, s64 b)
{
	if (!b || (a == S64_MIN && b == -1)) {
		fail(m, MLU_FRAME_EXPRESSION);
		return 0;
	}
	return a / b;
}

static u64 modulo(struct machine *m, u64 a, u64 b)
{
	if (b)
		return a % b;
	fail(m, MLU_FRAME_EXPRESSION);
	return 0;
}

static u64 shift(u8 op, u64 a, u64 by)
{
	if (op == OP_shra)
		return (s64)a >> min_t(u64, by, 63);
	if (by > 63)
		return 0;
	return op == OP_shl ? a << by : a >> by;
}

/* Two operands to one. */
static void run_binary(struct machine *m, u8 op)
{
	u64 b = pop(m), a = pop(m), value = 0;

	switch (op) {
	case OP_and:
		value = a & b;
		break;
	case OP_or:
		value = a | b;
		break;
	case OP_xor:
		value = a ^ b;
		break;
	case OP_plus:
		value = a + b;
		break;
	case OP_minus:
		value = a - b;
		break;
	case OP_mul:
		value = a * b;
		break;
	case OP_div:
		value = divide(m, a, b);
		break;
	case OP_mod:
		value = modulo(m, a, b);
		break;
	case OP_shl:
	case OP_shr:
	case OP_shra:
		value = shift(op, a, b);
		break;
	case OP_eq:
		value = a == b;
		break;
	case OP_ne:
		value = a != b;
		break;
	case OP_ge:
		value = (s64)a >= (s64)b;
		break;
	case OP_gt:
		value = (s64)a > (s64)b;
		break;
	case OP_le:
		value = (s64)a <= (s64)b;
		break;
	case OP_lt:
		value = (s64)a < (s64)b;
		break;
	}
	push(m, value);
}

static bool run_constant(struct machine *m, u8 op)
{
	switch (op) {
	case OP_const1u:
		push(m, mlu_cfi_fixed(&m->r, 1));
		return true;
	case OP_const1s:
		push(m, (s64)(s8)mlu_cfi_fixed(&m->r, 1));
		return true;
	case OP_const2u:
		push(m, mlu_cfi_fixed(&m->r, 2));
		return true;
	case OP_const2s:
		push(m, (s64)(s16)mlu_cfi_fixed(&m->r, 2));
		return true;
	case OP_const4u:
		push(m, mlu_cfi_fixed(&m->r, 4));
		return true;
	case OP_const4s:
		push(m, (s64)(s32)mlu_cfi_fixed(&m->r, 4));
		return true;
	case OP_const8u:
	case OP_const8s:
		push(m, mlu_cfi_fixed(&m->r, 8));
		return true;
	case OP_constu:
		push(m, mlu_cfi_uleb(&m->r));
		return true;
	case OP_consts:
		push(m, mlu_cfi_sleb(&m->r));
		return true;
	default:
		return false;
	}
}

static void run_other(struct machine *m, u8 op)
{
	s64 value;

	switch (op) {
	case OP_deref:
		deref(m, 8);
		break;
	case OP_deref_size:
		deref(m, mlu_cfi_byte(&m->r));
		break;
	case OP_dup:
		push(m, peek(m, 0));
		break;
	case OP_drop:
		pop(m);
		break;
	case OP_over:
		push(m, peek(m, 1));
		break;
	case OP_pick:
		push(m, peek(m, mlu_cfi_byte(&m->r)));
		break;
	case OP_swap:
		swap_two(m);
		break;
	case OP_rot:
		rotate(m);
		break;
	case OP_abs:
		value = pop(m);
		push(m, value < 0 ? -(u64)value : (u64)value);
		break;
	case OP_neg:
		push(m, -pop(m));
		break;
	case OP_not:
		push(m, ~pop(m));
		break;
	case OP_plus_uconst:
		push(m, pop(m) + mlu_cfi_uleb(&m->r));
		break;
	case OP_skip:
		jump(m, true);
		break;
	case OP_bra:
		jump(m, pop(m));
		break;
	case OP_bregx:
		value = mlu_cfi_uleb(&m->r);
		push_register(m, value, mlu_cfi_sleb(&m->r));
		break;
	case OP_nop:
		break;
	default:
		fail(m, MLU_FRAME_EXPRESSION);
	}
}

static bool is_binary(u8 op)
{
	return op == OP_and || (op >= OP_div && op <= OP_mul) || op == OP_or || op == OP_plus ||
	       (op >= OP_shl && op <= OP_xor) || (op >= OP_eq && op <= OP_ne);
}

static void run_one(struct machine *m)
{
	u8 op = mlu_cfi_byte(&m->r);

	if (op >= OP_lit0 && op <= OP_lit31)
		push(m, op - OP_lit0);
	else if (op >= OP_breg0 && op <= OP_breg31)
		push_register(m, op - OP_breg0, mlu_cfi_sleb(&m->r));
	else if (is_binary(op))
		run_binary(m, op);
	else if (!run_constant(m, op))
		run_other(m, op);
	if (m->r.failed)
		fail(m, MLU_FRAME_EXPRESSION);
}

/* Out of line: the machine is large, and rarely needed. */
noinline enum mlu_frame_result mlu_frame_evaluate(const struct mlu_cfi *cfi, s32 pos,
						  const struct mlu_memory *memory,
						  const struct mlu_registers *regs,
						  const u64 *first, u64 *result)
{
	struct machine m = {
		.r = { .data = cfi->data, .pos = pos, .end = cfi->size },
		.memory = memory,
		.regs = regs,
	};
	unsigned int nr_ops = 0;
	u64 len;

	/* The interpreter has seen that it lies in the section. */
	if (pos < 0 || (u32)pos > cfi->size)
		return MLU_FRAME_EXPRESSION;
	len = mlu_cfi_uleb(&m.r);
	if (m.r.failed || len > mlu_cfi_left(&m.r))
		return MLU_FRAME_EXPRESSION;
	m.r.end = m.r.pos + len;
	if (first)
		push(&m, *first);
	while (m.r.pos < m.r.end && m.result == MLU_FRAME_OK) {
		run_one(&m);
		if (++nr_ops > MAX_OPS)
			fail(&m, MLU_FRAME_EXPRESSION);
	}
	*result = peek(&m, 0);
	return m.result;
}
