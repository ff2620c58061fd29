// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_frame: from a frame to its caller: by each kind of rule, by expressions, by the frame
 * pointer, and by the context that a signal saved.
 */
#include "frame.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define STACK 0x7ffe00000000ULL
#define PC 0x401000

/* The stack of the frame; its first word is at STACK. */
static u64 stack[64];
static const struct mlu_memory memory = {
	.copy = (const u8 *)stack,
	.start = STACK,
	.size = sizeof(stack),
};

static u8 bytes[256];
static const struct mlu_cfi cfi = { .data = bytes, .size = sizeof(bytes) };
static struct mlu_cfi_rule rule;
static struct mlu_registers regs;

/* A frame at STACK whose registers have distinct values. */
static void begin_frame(void)
{
	unsigned int i;

	memset(stack, 0, sizeof(stack));
	memset(&regs, 0, sizeof(regs));
	for (i = 0; i < MLU_CFI_NR_REGS; i++)
		regs.value[i] = 0x1000 + i;
	regs.value[MLU_CFI_RSP] = STACK;
	regs.known = 0xffff;
	regs.pc = PC;
	memset(&rule, 0, sizeof(rule));
	rule.cfa_reg = MLU_CFI_RSP;
	rule.cfa_value = 16;
}

static void add_saved(u8 reg, enum mlu_cfi_how how, s32 value)
{
	rule.saved[rule.nr].reg = reg;
	rule.saved[rule.nr].how = how;
	rule.saved[rule.nr++].value = value;
}

static enum mlu_frame_result step_frame(void)
{
	return mlu_frame_by_rule(&cfi, &rule, &memory, &regs);
}

static bool is_known(unsigned int reg)
{
	return regs.known >> reg & 1;
}

/* Return: true if the register is known and has @value; a saved one is read from the stack */
static bool reg_is(unsigned int reg, u64 value)
{
	u64 got = regs.value[reg];

	if (regs.saved >> reg & 1 && !mlu_memory_read(&memory, got, &got))
		return false;
	return is_known(reg) && got == value;
}

static void test_made_by_hand(void)
{
	begin_frame();
	tap_ok(!mlu_frame_is_made_by_hand(&regs, &rule),
	       "a return address that may follow a call has a caller");
	rule.behind = MLU_CFI_FIRST_BYTE;
	tap_ok(mlu_frame_is_made_by_hand(&regs, &rule),
	       "a return address at a function's first byte has no caller");
	regs.interrupted = true;
	tap_ok(!mlu_frame_is_made_by_hand(&regs, &rule),
	       "a function interrupted at its first byte has a caller");
}

static void test_usual(void)
{
	begin_frame();
	stack[0] = 77;
	stack[1] = 0x402000;
	add_saved(MLU_CFI_RBP, MLU_CFI_AT_OFFSET, -16);
	tap_ok(!step_frame() && regs.pc == 0x402000 && regs.slot == STACK + 8,
	       "the return address is at CFA - 8");
	tap_ok(reg_is(MLU_CFI_RSP, STACK + 16), "the caller's stack pointer is the CFA");
	tap_ok(reg_is(MLU_CFI_RBP, 77), "a saved register is the caller's");
	tap_ok(reg_is(MLU_CFI_RBX, 0x1003) && reg_is(15, 0x100f),
	       "registers without a rule that calls preserve are unchanged");
	tap_ok(!is_known(0) && !is_known(1) && !is_known(5) && !is_known(11),
	       "registers that calls clobber are unknown");
	tap_ok(!regs.interrupted, "the frame of a call is not marked interrupted");
	memset(&rule, 0, sizeof(rule));
	rule.cfa_reg = MLU_CFI_RBP;
	rule.cfa_value = 8;
	regs.value[MLU_CFI_RBP] = STACK + 32;
	stack[4] = STACK + 40;
	stack[5] = 0x403000;
	tap_ok(!step_frame() && regs.pc == 0x403000 && reg_is(MLU_CFI_RSP, STACK + 48),
	       "a saved register is read when a later rule needs it");
}

static void test_ends(void)
{
	struct mlu_registers before;

	begin_frame();
	stack[1] = 0x402000;
	add_saved(MLU_CFI_RA, MLU_CFI_UNDEFINED, 0);
	tap_ok(step_frame() == MLU_FRAME_END, "an undefined return address ends the walk");
	begin_frame();
	tap_ok(step_frame() == MLU_FRAME_END, "a return address of 0 ends the walk");
	begin_frame();
	rule.cfa_value = 4096;
	before = regs;
	tap_ok(step_frame() == MLU_FRAME_FAULT && !memcmp(&before, &regs, sizeof(regs)),
	       "registers are unchanged if the return address cannot be read");
	begin_frame();
	regs.known = 0;
	tap_ok(step_frame() == MLU_FRAME_REGISTER, "a CFA based on an unknown register is refused");
	begin_frame();
	rule.cfa_value = 0;
	rule.saved[0].reg = MLU_CFI_RA;
	add_saved(MLU_CFI_RA, MLU_CFI_AT_OFFSET, 0);
	stack[0] = PC;
	tap_ok(step_frame() == MLU_FRAME_STUCK, "a caller that equals the frame is refused");
}

static void test_kinds(void)
{
	begin_frame();
	stack[1] = 0x402000;
	add_saved(MLU_CFI_RBX, MLU_CFI_IN_REGISTER, 12);
	add_saved(MLU_CFI_RBP, MLU_CFI_IS_OFFSET, -64);
	add_saved(12, MLU_CFI_IN_REGISTER, MLU_CFI_RBX);
	add_saved(13, MLU_CFI_UNDEFINED, 0);
	tap_ok(!step_frame() && reg_is(MLU_CFI_RBX, 0x100c) && reg_is(12, 0x1003),
	       "registers saved in each other get the values from before the step");
	tap_ok(reg_is(MLU_CFI_RBP, STACK + 16 - 64) && !(regs.saved >> MLU_CFI_RBP & 1),
	       "a register whose value is an offset from the CFA");
	tap_ok(!is_known(13), "an undefined register is unknown");
	begin_frame();
	add_saved(0, MLU_CFI_SAME, 0);
	add_saved(MLU_CFI_RSP, MLU_CFI_AT_OFFSET, 8);
	add_saved(MLU_CFI_RA, MLU_CFI_IN_REGISTER, 10);
	stack[3] = STACK + 400;
	tap_ok(!step_frame() && regs.pc == 0x100a && !regs.slot, "a return address in a register");
	tap_ok(reg_is(0, 0x1000) && reg_is(MLU_CFI_RSP, STACK + 400),
	       "a rule overrides the ABI for clobbered registers and the stack pointer");
}

/* Write an expression at offset @at of the section. */
static s32 write_expression(u8 at, const u8 *ops, u8 len)
{
	bytes[at] = len;
	memcpy(bytes + at + 1, ops, len);
	return at;
}

#define EXPRESSION(at, ...) \
	write_expression(at, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

/* Step with a CFA given by these operations; the return address read shows its value. */
#define CFA_OF(...)                                          \
	({                                                   \
		rule.cfa_expression = true;                  \
		rule.cfa_value = EXPRESSION(1, __VA_ARGS__); \
		step_frame();                                \
	})

static void test_realigned(void)
{
	begin_frame();
	regs.value[MLU_CFI_RBP] = STACK + 80;
	stack[9] = STACK + 160;
	stack[19] = 0x402000;
	stack[10] = 55;
	add_saved(MLU_CFI_RBP, MLU_CFI_AT_EXPRESSION, EXPRESSION(20, 0x76, 0));
	tap_ok(!CFA_OF(0x76, 0x78, 0x06) && regs.pc == 0x402000 &&
		       reg_is(MLU_CFI_RSP, STACK + 160) && reg_is(MLU_CFI_RBP, 55),
	       "a realigned stack: the CFA is read from memory, rbp by an expression");
}

/* After the push in an entry of the linkage table, the return address is one word higher. */
static void test_linkage_table(void)
{
#define PLT 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22
	begin_frame();
	stack[0] = 0x402000;
	stack[1] = 0x403000;
	regs.pc = 0x401020 + 6;
	tap_ok(!CFA_OF(PLT) && regs.pc == 0x402000,
	       "an entry of the linkage table, before its push");
	begin_frame();
	stack[0] = 0x402000;
	stack[1] = 0x403000;
	regs.pc = 0x401020 + 11;
	tap_ok(!CFA_OF(PLT) && regs.pc == 0x403000,
	       "an entry of the linkage table, after its push");
}

/* The operations give 8, so that the CFA is STACK + 16. */
#define gives_8(name, ...)                                                                      \
	do {                                                                                    \
		begin_frame();                                                                  \
		stack[1] = 0x402000;                                                            \
		tap_ok(!CFA_OF(__VA_ARGS__, 0x77, 8, 0x22) && regs.pc == 0x402000, "%s", name); \
	} while (0)

static void test_operations(void)
{
	gives_8("lit", 0x38);
	gives_8("const1u, const1s, plus", 0x08, 10, 0x09, 0xfe, 0x22);
	gives_8("const2u, const2s, minus", 0x0a, 8, 1, 0x0b, 0, 1, 0x1c);
	gives_8("const4u, const4s, and", 0x0c, 8, 0, 0, 0, 0x0d, 0xff, 0xff, 0xff, 0xff, 0x1a);
	gives_8("const8u, const8s, plus", 0x0e, 10, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0xfe, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0x22);
	gives_8("constu, consts, mul", 0x10, 0x84, 0, 0x11, 2, 0x1e);
	gives_8("drop", 0x38, 0x31, 0x13);
	gives_8("shl", 0x31, 0x33, 0x24);
	gives_8("shl by 64 bits", 0x38, 0x31, 0x08, 64, 0x24, 0x22);
	gives_8("plus_uconst", 0x30, 0x23, 8);
	gives_8("ge is signed", 0x30, 0x09, 0xff, 0x2a, 0x33, 0x24);
	gives_8("bregx", 0x92, 12, 0, 0x0a, 4, 0x10, 0x1c);
	gives_8("deref_size", 0x77, 16, 0x94, 1, 0x38, 0x22);
}

#define is_refused(name, ...)                                                               \
	do {                                                                                \
		begin_frame();                                                              \
		stack[1] = 0x402000;                                                        \
		tap_ok(CFA_OF(__VA_ARGS__) == MLU_FRAME_EXPRESSION, "%s is refused", name); \
	} while (0)

/* Valid operations of DWARF that compilers do not use in call frame information. */
static void test_refused_operations(void)
{
	static const struct {
		const char *name;
		u8 op, operand_len;
	} refused[] = {
		{ "dup", 0x12, 0 },  { "over", 0x14, 0 }, { "pick", 0x15, 1 }, { "swap", 0x16, 0 },
		{ "rot", 0x17, 0 },  { "abs", 0x19, 0 },  { "div", 0x1b, 0 },  { "mod", 0x1d, 0 },
		{ "neg", 0x1f, 0 },  { "not", 0x20, 0 },  { "or", 0x21, 0 },   { "shr", 0x25, 0 },
		{ "shra", 0x26, 0 }, { "xor", 0x27, 0 },  { "bra", 0x28, 2 },  { "eq", 0x29, 0 },
		{ "gt", 0x2b, 0 },   { "le", 0x2c, 0 },	  { "lt", 0x2d, 0 },   { "ne", 0x2e, 0 },
		{ "skip", 0x2f, 2 }, { "nop", 0x96, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		const u8 ops[] = { 0x38, 0x38, 0x38, refused[i].op, 0, 0 };

		begin_frame();
		rule.cfa_expression = true;
		rule.cfa_value = write_expression(1, ops, 4 + refused[i].operand_len);
		tap_ok(step_frame() == MLU_FRAME_EXPRESSION, "DW_OP_%s is refused",
		       refused[i].name);
	}
}

static void test_refused(void)
{
	is_refused("an empty stack", 0x38, 0x13);
	is_refused("a missing operand", 0x38, 0x22);
	is_refused("an unknown operation", 0x38, 0xe0);
	is_refused("the address of an object", 0x03, 8, 0, 0, 0, 0, 0, 0, 0);
	is_refused("a stack that overflows", 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38,
		   0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38);
	begin_frame();
	tap_ok(CFA_OF(0x82, 0, 0) == MLU_FRAME_REGISTER,
	       "a register without unwind rules is unknown");
	begin_frame();
	tap_ok(CFA_OF(0x30, 0x06) == MLU_FRAME_FAULT, "an address that cannot be read is a fault");
	begin_frame();
	rule.cfa_expression = true;
	rule.cfa_value = sizeof(bytes) - 1;
	bytes[sizeof(bytes) - 1] = 5;
	tap_ok(step_frame() == MLU_FRAME_EXPRESSION,
	       "an expression that passes the end of the section is refused");
}

static void test_signal_rule(void)
{
	unsigned int i;

	begin_frame();
	rule.signal = true;
	rule.cfa_expression = true;
	rule.cfa_value = EXPRESSION(1, 0x77, 16, 0x06);
	stack[2] = STACK + 256;
	stack[3] = 0x402000;
	for (i = 0; i < MLU_CFI_NR_REGS; i++) {
		unsigned int offset = 64 + 8 * i;

		stack[offset / 8] = 0x2000 + i;
		add_saved(i, MLU_CFI_AT_EXPRESSION,
			  EXPRESSION(40 + 4 * i, 0x77, 0x80 | (offset & 0x7f), offset >> 7));
	}
	add_saved(MLU_CFI_RA, MLU_CFI_AT_EXPRESSION, EXPRESSION(120, 0x77, 24));
	tap_ok(!step_frame() && regs.interrupted && regs.pc == 0x402000,
	       "the caller of a signal frame is marked interrupted");
	for (i = 0; i < MLU_CFI_NR_REGS && reg_is(i, 0x2000 + i); i++)
		;
	tap_ok(i == MLU_CFI_NR_REGS, "all registers of the interrupted code are known");
}

static void test_pointer(void)
{
	static const struct {
		const char *name;
		u64 fp, limit;
		enum mlu_frame_result result;
	} cases[] = {
		{ "a frame pointer leads to the caller", STACK + 32, STACK + 512, MLU_FRAME_OK },
		{ "a frame pointer of 0 ends the walk", 0, STACK + 512, MLU_FRAME_END },
		{ "a frame pointer below the stack pointer is refused", STACK - 8, STACK + 512,
		  MLU_FRAME_POINTER },
		{ "an unaligned frame pointer is refused", STACK + 33, STACK + 512,
		  MLU_FRAME_POINTER },
		{ "a frame pointer after the end of the stack is refused", STACK + 512, STACK + 512,
		  MLU_FRAME_POINTER },
		{ "a frame that passes the end of the stack is refused", STACK + 32, STACK + 40,
		  MLU_FRAME_POINTER },
		{ "a frame pointer to memory that cannot be read is a fault", STACK + 4096,
		  STACK + 8192, MLU_FRAME_FAULT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_frame();
		stack[4] = STACK + 64;
		stack[5] = 0x402000;
		regs.value[MLU_CFI_RBP] = cases[i].fp;
		tap_ok(mlu_frame_by_pointer(&memory, cases[i].limit, &regs) == cases[i].result &&
			       (cases[i].result ||
				(regs.pc == 0x402000 && regs.slot == STACK + 40 &&
				 reg_is(MLU_CFI_RBP, STACK + 64) &&
				 reg_is(MLU_CFI_RSP, STACK + 48) && !is_known(MLU_CFI_RBX))),
		       "%s", cases[i].name);
	}
	begin_frame();
	regs.known = 0;
	tap_ok(mlu_frame_by_pointer(&memory, STACK + 512, &regs) == MLU_FRAME_POINTER,
	       "an unknown frame pointer is refused");
}

static void test_signal(void)
{
	static const u8 code[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	/* The kernel's order: r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp. */
	static const u8 order[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7 };
	unsigned int i;

	begin_frame();
	memcpy(stack, code, sizeof(code));
	tap_ok(mlu_frame_is_sigreturn(&memory, STACK),
	       "the instructions of rt_sigreturn are recognized");
	((u8 *)stack)[3] = 14;
	tap_ok(!mlu_frame_is_sigreturn(&memory, STACK), "another system call is not recognized");
	memcpy(stack, code, sizeof(code));
	((u8 *)stack)[8] = 6;
	tap_ok(!mlu_frame_is_sigreturn(&memory, STACK),
	       "instructions without the system call are not recognized");
	begin_frame();
	for (i = 0; i < 16; i++)
		stack[5 + i] = 0x3000 + order[i];
	stack[21] = 0x402000;
	tap_ok(!mlu_frame_by_signal(&memory, &regs) && regs.pc == 0x402000 && regs.interrupted,
	       "the interrupted code's pc is read from the context at the stack pointer");
	for (i = 0; i < 16 && reg_is(i, 0x3000 + i); i++)
		;
	tap_ok(i == 16, "all registers are read from the context");
}

int main(void)
{
	test_usual();
	test_made_by_hand();
	test_ends();
	test_kinds();
	test_realigned();
	test_linkage_table();
	test_operations();
	test_refused_operations();
	test_refused();
	test_signal_rule();
	test_pointer();
	test_signal();
	return tap_end();
}
