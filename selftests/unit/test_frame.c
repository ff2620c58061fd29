// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_frame: from a frame to its caller: by rules of each kind, by expressions, by the frame
 * pointer, and by what a signal saved.
 */
#include "frame.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define STACK 0x7ffe00000000ULL
#define PC 0x401000

/* The stack that is looked into, the word at STACK first. */
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

/* A frame at STACK: its rsp, and registers with values that tell them apart. */
static void begin(void)
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

static void tell(u8 reg, enum mlu_cfi_how how, s32 value)
{
	rule.saved[rule.nr].reg = reg;
	rule.saved[rule.nr].how = how;
	rule.saved[rule.nr++].value = value;
}

static enum mlu_frame_result go(void)
{
	return mlu_frame_by_rule(&cfi, &rule, &memory, &regs);
}

static bool is_known(unsigned int reg)
{
	return regs.known >> reg & 1;
}

/* A register's value, read if it is saved. */
static bool holds(unsigned int reg, u64 value)
{
	u64 got = regs.value[reg];

	if (regs.saved >> reg & 1 && !mlu_memory_read(&memory, got, &got))
		return false;
	return is_known(reg) && got == value;
}

static void test_made_by_hand(void)
{
	begin();
	tap_ok(!mlu_frame_is_made_by_hand(&regs, &rule),
	       "a return address behind a call has a caller");
	rule.behind = MLU_CFI_FIRST_BYTE;
	tap_ok(mlu_frame_is_made_by_hand(&regs, &rule), "a function's first byte has none");
	regs.interrupted = true;
	tap_ok(!mlu_frame_is_made_by_hand(&regs, &rule),
	       "a function that is interrupted at its first byte has one");
}

static void test_usual(void)
{
	begin();
	stack[0] = 77;
	stack[1] = 0x402000;
	tell(MLU_CFI_RBP, MLU_CFI_AT_OFFSET, -16);
	tap_ok(!go() && regs.pc == 0x402000 && regs.slot == STACK + 8,
	       "the return address is at CFA - 8");
	tap_ok(holds(MLU_CFI_RSP, STACK + 16), "the caller's stack pointer is the CFA");
	tap_ok(holds(MLU_CFI_RBP, 77), "a saved register is the caller's");
	tap_ok(holds(MLU_CFI_RBX, 0x1003) && holds(15, 0x100f), "what is left alone is the same");
	tap_ok(!is_known(0) && !is_known(1) && !is_known(5) && !is_known(11),
	       "what a call may clobber is not known");
	tap_ok(!regs.interrupted, "a call's frame was not interrupted");
	memset(&rule, 0, sizeof(rule));
	rule.cfa_reg = MLU_CFI_RBP;
	rule.cfa_value = 8;
	regs.value[MLU_CFI_RBP] = STACK + 32;
	stack[4] = STACK + 40;
	stack[5] = 0x403000;
	tap_ok(!go() && regs.pc == 0x403000 && holds(MLU_CFI_RSP, STACK + 48),
	       "a saved register is read when a rule needs it");
}

static void test_ends(void)
{
	struct mlu_registers before;

	begin();
	stack[1] = 0x402000;
	tell(MLU_CFI_RA, MLU_CFI_UNDEFINED, 0);
	tap_ok(go() == MLU_FRAME_END, "without a return address this is the outermost frame");
	begin();
	tap_ok(go() == MLU_FRAME_END, "with one of 0, too");
	begin();
	rule.cfa_value = 4096;
	before = regs;
	tap_ok(go() == MLU_FRAME_FAULT && !memcmp(&before, &regs, sizeof(regs)),
	       "a return address that cannot be read changes nothing");
	begin();
	regs.known = 0;
	tap_ok(go() == MLU_FRAME_REGISTER, "a CFA by a register that is not known is none");
	begin();
	rule.cfa_value = 0;
	rule.saved[0].reg = MLU_CFI_RA;
	tell(MLU_CFI_RA, MLU_CFI_AT_OFFSET, 0);
	stack[0] = PC;
	tap_ok(go() == MLU_FRAME_STUCK, "a caller that would be the same frame again is none");
}

static void test_kinds(void)
{
	begin();
	stack[1] = 0x402000;
	tell(MLU_CFI_RBX, MLU_CFI_IN_REGISTER, 12);
	tell(MLU_CFI_RBP, MLU_CFI_IS_OFFSET, -64);
	tell(12, MLU_CFI_IN_REGISTER, MLU_CFI_RBX);
	tell(13, MLU_CFI_UNDEFINED, 0);
	tap_ok(!go() && holds(MLU_CFI_RBX, 0x100c) && holds(12, 0x1003),
	       "registers in each other are taken from before");
	tap_ok(holds(MLU_CFI_RBP, STACK + 16 - 64) && !(regs.saved >> MLU_CFI_RBP & 1),
	       "a register that is an offset from the CFA");
	tap_ok(!is_known(13), "an undefined register is not known");
	begin();
	tell(0, MLU_CFI_SAME, 0);
	tell(MLU_CFI_RSP, MLU_CFI_AT_OFFSET, 8);
	tell(MLU_CFI_RA, MLU_CFI_IN_REGISTER, 10);
	stack[3] = STACK + 400;
	tap_ok(!go() && regs.pc == 0x100a && !regs.slot, "a return address in a register");
	tap_ok(holds(0, 0x1000) && holds(MLU_CFI_RSP, STACK + 400),
	       "a rule has the last word on what a call may clobber, and on the stack pointer");
}

/* An expression at @at of the section. */
static s32 expression(u8 at, const u8 *ops, u8 len)
{
	bytes[at] = len;
	memcpy(bytes + at + 1, ops, len);
	return at;
}

#define EXPRESSION(at, ...) \
	expression(at, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

/* What the operations come to, as a CFA: the return address found tells where that is. */
#define CFA_OF(...)                                          \
	({                                                   \
		rule.cfa_expression = true;                  \
		rule.cfa_value = EXPRESSION(1, __VA_ARGS__); \
		go();                                        \
	})

static void test_realigned(void)
{
	begin();
	regs.value[MLU_CFI_RBP] = STACK + 80;
	stack[9] = STACK + 160;
	stack[19] = 0x402000;
	stack[10] = 55;
	tell(MLU_CFI_RBP, MLU_CFI_AT_EXPRESSION, EXPRESSION(20, 0x76, 0));
	tap_ok(!CFA_OF(0x76, 0x78, 0x06) && regs.pc == 0x402000 &&
		       holds(MLU_CFI_RSP, STACK + 160) && holds(MLU_CFI_RBP, 55),
	       "a realigned stack: the CFA was saved, rbp is where it says");
}

/* Behind the push of a linkage table's entry the return address is one word further. */
static void test_linkage_table(void)
{
#define PLT 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22
	begin();
	stack[0] = 0x402000;
	stack[1] = 0x403000;
	regs.pc = 0x401020 + 6;
	tap_ok(!CFA_OF(PLT) && regs.pc == 0x402000, "a linkage table's entry, before its push");
	begin();
	stack[0] = 0x402000;
	stack[1] = 0x403000;
	regs.pc = 0x401020 + 11;
	tap_ok(!CFA_OF(PLT) && regs.pc == 0x403000, "and behind it");
}

/* Each gives 8, so that the CFA is STACK + 16. */
#define gives_8(name, ...)                                                                      \
	do {                                                                                    \
		begin();                                                                        \
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
		begin();                                                                    \
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

		begin();
		rule.cfa_expression = true;
		rule.cfa_value = expression(1, ops, 4 + refused[i].operand_len);
		tap_ok(go() == MLU_FRAME_EXPRESSION, "DW_OP_%s is refused", refused[i].name);
	}
}

static void test_refused(void)
{
	is_refused("an empty stack", 0x38, 0x13);
	is_refused("an operand that is not there", 0x38, 0x22);
	is_refused("an operation that nobody knows", 0x38, 0xe0);
	is_refused("an object's address", 0x03, 8, 0, 0, 0, 0, 0, 0, 0);
	is_refused("a stack that overflows", 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38,
		   0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38, 0x38);
	begin();
	tap_ok(CFA_OF(0x82, 0, 0) == MLU_FRAME_REGISTER,
	       "a register that there is not, is not known");
	begin();
	tap_ok(CFA_OF(0x30, 0x06) == MLU_FRAME_FAULT, "memory that is not there");
	begin();
	rule.cfa_expression = true;
	rule.cfa_value = sizeof(bytes) - 1;
	bytes[sizeof(bytes) - 1] = 5;
	tap_ok(go() == MLU_FRAME_EXPRESSION, "an expression behind the section's end is refused");
}

static void test_signal_rule(void)
{
	unsigned int i;

	begin();
	rule.signal = true;
	rule.cfa_expression = true;
	rule.cfa_value = EXPRESSION(1, 0x77, 16, 0x06);
	stack[2] = STACK + 256;
	stack[3] = 0x402000;
	for (i = 0; i < MLU_CFI_NR_REGS; i++) {
		unsigned int offset = 64 + 8 * i;

		stack[offset / 8] = 0x2000 + i;
		tell(i, MLU_CFI_AT_EXPRESSION,
		     EXPRESSION(40 + 4 * i, 0x77, 0x80 | (offset & 0x7f), offset >> 7));
	}
	tell(MLU_CFI_RA, MLU_CFI_AT_EXPRESSION, EXPRESSION(120, 0x77, 24));
	tap_ok(!go() && regs.interrupted && regs.pc == 0x402000,
	       "what a signal interrupted is told from what has called");
	for (i = 0; i < MLU_CFI_NR_REGS && holds(i, 0x2000 + i); i++)
		;
	tap_ok(i == MLU_CFI_NR_REGS, "and all its registers are known");
}

static void test_pointer(void)
{
	static const struct {
		const char *name;
		u64 fp, limit;
		enum mlu_frame_result result;
	} cases[] = {
		{ "a frame pointer leads to the caller", STACK + 32, STACK + 512, MLU_FRAME_OK },
		{ "one of 0 is the outermost frame", 0, STACK + 512, MLU_FRAME_END },
		{ "one below the stack pointer is none", STACK - 8, STACK + 512,
		  MLU_FRAME_POINTER },
		{ "one that is not aligned is none", STACK + 33, STACK + 512, MLU_FRAME_POINTER },
		{ "one behind the stack's end is none", STACK + 512, STACK + 512,
		  MLU_FRAME_POINTER },
		{ "one whose frame ends behind it is none", STACK + 32, STACK + 40,
		  MLU_FRAME_POINTER },
		{ "one of memory that is not there", STACK + 4096, STACK + 8192, MLU_FRAME_FAULT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin();
		stack[4] = STACK + 64;
		stack[5] = 0x402000;
		regs.value[MLU_CFI_RBP] = cases[i].fp;
		tap_ok(mlu_frame_by_pointer(&memory, cases[i].limit, &regs) == cases[i].result &&
			       (cases[i].result ||
				(regs.pc == 0x402000 && regs.slot == STACK + 40 &&
				 holds(MLU_CFI_RBP, STACK + 64) && holds(MLU_CFI_RSP, STACK + 48) &&
				 !is_known(MLU_CFI_RBX))),
		       "%s", cases[i].name);
	}
	begin();
	regs.known = 0;
	tap_ok(mlu_frame_by_pointer(&memory, STACK + 512, &regs) == MLU_FRAME_POINTER,
	       "one that nobody knows is none");
}

static void test_signal(void)
{
	static const u8 code[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	/* r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, as the kernel has them. */
	static const u8 order[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7 };
	unsigned int i;

	begin();
	memcpy(stack, code, sizeof(code));
	tap_ok(mlu_frame_is_sigreturn(&memory, STACK), "rt_sigreturn is known by its instructions");
	((u8 *)stack)[3] = 14;
	tap_ok(!mlu_frame_is_sigreturn(&memory, STACK), "another system call is not");
	memcpy(stack, code, sizeof(code));
	((u8 *)stack)[8] = 6;
	tap_ok(!mlu_frame_is_sigreturn(&memory, STACK), "nor one that is left undone");
	begin();
	for (i = 0; i < 16; i++)
		stack[5 + i] = 0x3000 + order[i];
	stack[21] = 0x402000;
	tap_ok(!mlu_frame_by_signal(&memory, &regs) && regs.pc == 0x402000 && regs.interrupted,
	       "what it returns to is in the context at the stack pointer");
	for (i = 0; i < 16 && holds(i, 0x3000 + i); i++)
		;
	tap_ok(i == 16, "with all registers");
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
