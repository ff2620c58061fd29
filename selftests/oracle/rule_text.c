// SPDX-License-Identifier: GPL-2.0-only
/*
 * rule_text: unwind rules as text, see rule_text.h.
 *
 * libdw's form of a rule (elfutils' libdw.h and the sources that it refers to): a CFA that is a
 * register and an offset is one DW_OP_bregx. A saved register is DW_OP_call_frame_cfa and
 * DW_OP_plus_uconst, whose number is a signed offset, followed by DW_OP_stack_value if the register
 * has that value itself. A register saved in another one is DW_OP_regx. The expression of a
 * register begins with DW_OP_call_frame_cfa, for the CFA that is pushed first.
 *
 * For registers that a call may clobber the defaults of both sides differ, but no walk needs them:
 * both "same" and "undefined" become "lost". For rbx, elfutils' default (backends/x86_64_cfi.c)
 * names register 0, which is rax, by mistake: a rule that omits rbx has it undefined there, which
 * is read as "same" here. (An object that makes rbx undefined itself is reported as different.)
 */
#include "rule_text.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

#include "cfi_internal.h"

static void add_op(char *words, u8 atom, u64 number, u64 number2)
{
	size_t len = strlen(words);

	snprintf(words + len, RULE_WORDS - len, " %02x,%llx,%llx", atom, number, number2);
}

/* === Ours === */

/* Append an operation with its operands as in libdw's Dwarf_Op. */
static void read_op(struct mlu_cfi_reader *r, char *words)
{
	u8 atom = mlu_cfi_byte(r);
	u64 number = 0, number2 = 0;

	switch (atom) {
	case DW_OP_addr:
	case DW_OP_const8u:
	case DW_OP_const8s:
		number = mlu_cfi_fixed(r, 8);
		break;
	case DW_OP_const1u:
	case DW_OP_pick:
	case DW_OP_deref_size:
		number = mlu_cfi_fixed(r, 1);
		break;
	case DW_OP_const1s:
		number = (s64)(s8)mlu_cfi_fixed(r, 1);
		break;
	case DW_OP_const2u:
		number = mlu_cfi_fixed(r, 2);
		break;
	case DW_OP_const2s:
	case DW_OP_bra:
	case DW_OP_skip:
		number = (s64)(s16)mlu_cfi_fixed(r, 2);
		break;
	case DW_OP_const4u:
		number = mlu_cfi_fixed(r, 4);
		break;
	case DW_OP_const4s:
		number = (s64)(s32)mlu_cfi_fixed(r, 4);
		break;
	case DW_OP_constu:
	case DW_OP_plus_uconst:
	case DW_OP_regx:
		number = mlu_cfi_uleb(r);
		break;
	case DW_OP_consts:
		number = mlu_cfi_sleb(r);
		break;
	case DW_OP_breg0 ... DW_OP_breg31:
		number = mlu_cfi_sleb(r);
		break;
	case DW_OP_bregx:
		number = mlu_cfi_uleb(r);
		number2 = mlu_cfi_sleb(r);
		break;
	}
	add_op(words, atom, number, number2);
}

static void read_expression(const struct mlu_cfi *cfi, s32 pos, char *words)
{
	struct mlu_cfi_reader r = { .data = cfi->data, .pos = pos, .end = cfi->size };
	u64 len = mlu_cfi_uleb(&r);

	r.end = r.pos + len;
	while (r.pos < r.end && !r.failed)
		read_op(&r, words);
}

static void write_saved(const struct mlu_cfi *cfi, u8 how, s32 value, char *words)
{
	switch (how) {
	case MLU_CFI_SAME:
		strcpy(words, "same");
		break;
	case MLU_CFI_UNDEFINED:
		strcpy(words, "undefined");
		break;
	case MLU_CFI_AT_OFFSET:
		sprintf(words, "at cfa%+d", value);
		break;
	case MLU_CFI_IS_OFFSET:
		sprintf(words, "is cfa%+d", value);
		break;
	case MLU_CFI_IN_REGISTER:
		sprintf(words, "in %d", value);
		break;
	case MLU_CFI_AT_EXPRESSION:
		strcpy(words, "at expression");
		read_expression(cfi, value, words);
		break;
	case MLU_CFI_IS_EXPRESSION:
		strcpy(words, "is expression");
		read_expression(cfi, value, words);
		break;
	}
}

/* Both texts of a register that a call may clobber become one: no walk needs it. */
static void merge_clobbered(struct rule_text *text)
{
	static const unsigned int clobbered[] = { 0, 1, 2, 4, 5, 8, 9, 10, 11 };
	unsigned int i;

	for (i = 0; i < sizeof(clobbered) / sizeof(clobbered[0]); i++) {
		char *words = text->reg[clobbered[i]];

		if (!strcmp(words, "same") || !strcmp(words, "undefined"))
			strcpy(words, "lost");
	}
}

static void write_defaults(struct rule_text *text)
{
	static const unsigned int preserved[] = { 3, 6, 12, 13, 14, 15 };
	unsigned int i;

	for (i = 0; i < MLU_CFI_NR_REGS; i++)
		strcpy(text->reg[i], "undefined");
	for (i = 0; i < sizeof(preserved) / sizeof(preserved[0]); i++)
		strcpy(text->reg[preserved[i]], "same");
	strcpy(text->reg[MLU_CFI_RSP], "is cfa+0");
	strcpy(text->reg[MLU_CFI_RA], "at cfa-8");
}

/**
 * rule_text_ours() - convert a rule of the module's parser
 * @text: is set to the rule
 * @cfi: the section that the rule's expressions are in
 * @rule: the rule
 */
void rule_text_ours(struct rule_text *text, const struct mlu_cfi *cfi,
		    const struct mlu_cfi_rule *rule)
{
	unsigned int i;

	if (rule->cfa_expression) {
		strcpy(text->cfa, "expression");
		read_expression(cfi, rule->cfa_value, text->cfa);
	} else {
		sprintf(text->cfa, "%u%+d", rule->cfa_reg, rule->cfa_value);
	}
	write_defaults(text);
	for (i = 0; i < rule->nr; i++)
		write_saved(cfi, rule->saved[i].how, rule->saved[i].value,
			    text->reg[rule->saved[i].reg]);
	merge_clobbered(text);
	text->signal = rule->signal;
}

/* === libdw's === */

static void write_ops(const Dwarf_Op *ops, size_t nr, char *words)
{
	size_t i;

	for (i = 0; i < nr; i++)
		add_op(words, ops[i].atom, ops[i].number, ops[i].number2);
}

static bool is_offset(const Dwarf_Op *ops, size_t nr)
{
	return nr >= 1 && ops[0].atom == DW_OP_call_frame_cfa &&
	       (nr == 1 || (nr == 2 && ops[1].atom == DW_OP_plus_uconst));
}

static void write_register(Dwarf_Frame *frame, int reg, char *words)
{
	Dwarf_Op mem[3], *ops;
	bool is_value;
	size_t nr;

	if (dwarf_frame_register(frame, reg, mem, &ops, &nr)) {
		snprintf(words, RULE_WORDS, "error %s", dwarf_errmsg(-1));
		return;
	}
	if (!nr) {
		strcpy(words, ops ? "undefined" : "same");
		return;
	}
	is_value = ops[nr - 1].atom == DW_OP_stack_value;
	nr -= is_value;
	if (is_offset(ops, nr)) {
		sprintf(words, "%s cfa%+d", is_value ? "is" : "at",
			nr == 2 ? (int)ops[1].number : 0);
	} else if (nr == 1 && ops[0].atom == DW_OP_regx) {
		sprintf(words, "in %d", (int)ops[0].number);
	} else {
		sprintf(words, "%s expression", is_value ? "is" : "at");
		write_ops(ops + 1, nr - 1, words);
	}
}

/**
 * rule_text_libdw() - convert a rule of libdw
 * @text: is set to the rule
 * @frame: the rule
 * @signal: it is the rule of a signal frame
 */
void rule_text_libdw(struct rule_text *text, Dwarf_Frame *frame, bool signal)
{
	Dwarf_Op *ops;
	size_t nr;
	int reg;

	if (dwarf_frame_cfa(frame, &ops, &nr)) {
		snprintf(text->cfa, sizeof(text->cfa), "error %s", dwarf_errmsg(-1));
	} else if (nr == 1 && ops[0].atom == DW_OP_bregx) {
		sprintf(text->cfa, "%d%+d", (int)ops[0].number, (int)ops[0].number2);
	} else {
		strcpy(text->cfa, "expression");
		write_ops(ops, nr, text->cfa);
	}
	for (reg = 0; reg <= MLU_CFI_RA; reg++)
		write_register(frame, reg, text->reg[reg]);
	if (!strcmp(text->reg[MLU_CFI_RBX], "undefined"))
		strcpy(text->reg[MLU_CFI_RBX], "same");
	merge_clobbered(text);
	text->signal = signal;
}
