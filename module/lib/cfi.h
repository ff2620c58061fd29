/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cfi: look up the unwind rule of an address in an .eh_frame section.
 *
 * Pure: the input is bytes, a length and an address, and all state is in the structures below.
 * cfi.c reads entries, cfi_index.c makes the table of them, cfi_rule.c looks up an entry and
 * cfi_machine.c interprets it. They are built for the host too, with unit tests, an oracle and a
 * fuzzer in selftests.
 *
 * Sources: DWARF 5, 6.4 (call frame information) and 7.24; Linux Standard Base Core 5.0, 10.6
 * (.eh_frame); machine_x86.h for the architecture.
 *
 * Context: mlu_cfi_count() and mlu_cfi_index() may sleep; mlu_cfi_rule() does not and is called
 * from handlers. No locks: a struct mlu_cfi is constant once its table is made.
 *
 * Every byte is hostile. Each position is checked against the section's size without overflow,
 * each loop has its own bound, nothing recurses, and data that cannot be represented is refused
 * with a reason.
 */
#ifndef MLU_CFI_H
#define MLU_CFI_H

#include <linux/types.h>

#include "machine.h"

/*
 * Operations of a CIE and an FDE together, at most. The longest of 1.3 million entries in Debian
 * had 7061, in libepoxy.
 */
#define MLU_CFI_MAX_OPS 16384
/* Nesting of DW_CFA_remember_state; compilers nest once. */
#define MLU_CFI_MAX_STATES 8

/**
 * enum mlu_cfi_refusal - why there is no rule
 * @MLU_CFI_OK: there is one
 * @MLU_CFI_NO_ENTRY: no FDE covers the address
 * @MLU_CFI_TRUNCATED: an entry or an operand extends past its end
 * @MLU_CFI_VERSION: the version of a CIE is not 1, 3 or 4
 * @MLU_CFI_AUGMENTATION: unknown augmentation letter
 * @MLU_CFI_ENCODING: unsupported encoding of a pointer
 * @MLU_CFI_REGISTER: no register has this number, or the return address has another column
 * @MLU_CFI_OPERATION: unknown or misplaced DW_CFA operation
 * @MLU_CFI_TOO_LONG: more than MLU_CFI_MAX_OPS operations
 * @MLU_CFI_STATES: too many states remembered, or none to restore
 * @MLU_CFI_RANGE: a number is out of range
 * @MLU_CFI_NR_REFUSALS: how many there are
 */
enum mlu_cfi_refusal {
	MLU_CFI_OK,
	MLU_CFI_NO_ENTRY,
	MLU_CFI_TRUNCATED,
	MLU_CFI_VERSION,
	MLU_CFI_AUGMENTATION,
	MLU_CFI_ENCODING,
	MLU_CFI_REGISTER,
	MLU_CFI_OPERATION,
	MLU_CFI_TOO_LONG,
	MLU_CFI_STATES,
	MLU_CFI_RANGE,
	MLU_CFI_NR_REFUSALS
};

extern const char *const mlu_cfi_refusal_names[MLU_CFI_NR_REFUSALS];

/**
 * enum mlu_cfi_how - how to compute the caller's value of a register
 * @MLU_CFI_SAME: it is unchanged
 * @MLU_CFI_UNDEFINED: it is lost; for the return address: this is the outermost frame
 * @MLU_CFI_AT_OFFSET: it is saved at CFA + value
 * @MLU_CFI_IS_OFFSET: it is CFA + value
 * @MLU_CFI_IN_REGISTER: it is in register number value
 * @MLU_CFI_AT_EXPRESSION: an expression gives its address; value: position of its length
 * @MLU_CFI_IS_EXPRESSION: an expression gives it; value: position of its length
 */
enum mlu_cfi_how {
	MLU_CFI_SAME,
	MLU_CFI_UNDEFINED,
	MLU_CFI_AT_OFFSET,
	MLU_CFI_IS_OFFSET,
	MLU_CFI_IN_REGISTER,
	MLU_CFI_AT_EXPRESSION,
	MLU_CFI_IS_EXPRESSION,
};

/**
 * enum mlu_cfi_behind - what the byte behind the address is, which may be a return address
 * @MLU_CFI_ANY_BYTE: anything else
 * @MLU_CFI_FIRST_BYTE: the first byte of an entry's code
 * @MLU_CFI_SECOND_BYTE: the second byte: a call instruction has at least two
 *
 * No call instruction ends before a first or second byte. A frame with such a return address was
 * written by hand, as the first one of a coroutine's stack, and has no caller.
 */
enum mlu_cfi_behind {
	MLU_CFI_ANY_BYTE,
	MLU_CFI_FIRST_BYTE,
	MLU_CFI_SECOND_BYTE,
};

/**
 * struct mlu_cfi_saved - the rule of one register
 * @reg: its number, up to MLU_CFI_RA
 * @how: enum mlu_cfi_how
 * @value: depends on @how
 */
struct mlu_cfi_saved {
	u8 reg;
	u8 how;
	s32 value;
};

/**
 * struct mlu_cfi_rule - the rule of one address
 * @nr: how many registers are listed
 * @signal: the code that a signal handler returns to: its caller was interrupted
 * @cfa_expression: an expression gives the CFA, and @cfa_value is the position of its length
 * @cfa_reg: otherwise the CFA is this register + @cfa_value
 * @behind: enum mlu_cfi_behind
 * @cfa_value: see above
 * @saved: the listed registers, in order of their numbers
 *
 * A register that is not listed follows the ABI: the stack pointer is the CFA, callee-saved
 * registers are unchanged, the return address is at CFA + MLU_CFI_RA_OFFSET, the others are lost.
 */
struct mlu_cfi_rule {
	u8 nr;
	bool signal;
	bool cfa_expression;
	u8 cfa_reg;
	u8 behind;
	s32 cfa_value;
	struct mlu_cfi_saved saved[MLU_CFI_NR_REGS + 1];
};

/**
 * struct mlu_cfi_entry - an FDE in the table
 * @start: the code that it covers starts at cfi->base + @start
 * @fde: position of its length in the section
 */
struct mlu_cfi_entry {
	u32 start;
	u32 fde;
};

/**
 * struct mlu_cfi - a section and the table of its entries
 * @data: the section
 * @size: its size
 * @addr: address of its first byte in the ELF file
 * @base: lowest start of all entries
 * @table: the entries, sorted by start
 * @nr: how many
 * @hole: enum mlu_cfi_refusal of an entry that could not be read, so that the code it covers is
 *	unknown; 0 if all could be read
 */
struct mlu_cfi {
	const u8 *data;
	u32 size;
	u64 addr;
	u64 base;
	const struct mlu_cfi_entry *table;
	u32 nr;
	u8 hole;
};

/**
 * struct mlu_cfi_row - the rules at one address while they are being interpreted
 * @cfa_reg: as in struct mlu_cfi_rule
 * @cfa_expression: as in struct mlu_cfi_rule
 * @cfa_set: an operation has defined the CFA
 * @how: enum mlu_cfi_how of each register
 * @cfa_value: as in struct mlu_cfi_rule
 * @value: value of each register, depends on @how
 * @listed: bit mask of the registers that operations have set
 */
struct mlu_cfi_row {
	u8 cfa_reg;
	bool cfa_expression;
	bool cfa_set;
	u8 how[MLU_CFI_NR_REGS + 1];
	s32 cfa_value;
	s32 value[MLU_CFI_NR_REGS + 1];
	u32 listed;
};

/**
 * struct mlu_cfi_scratch - memory for one look-up; too large for a handler's stack
 * @nr_ops: how many operations were interpreted
 * @row: the current row
 * @initial: the row after the CIE's operations
 * @states: remembered rows
 */
struct mlu_cfi_scratch {
	u32 nr_ops;
	struct mlu_cfi_row row;
	struct mlu_cfi_row initial;
	struct mlu_cfi_row states[MLU_CFI_MAX_STATES];
};

void mlu_cfi_init(struct mlu_cfi *cfi, const u8 *data, u32 size, u64 addr);
u32 mlu_cfi_count(struct mlu_cfi *cfi, u32 max);
void mlu_cfi_index(struct mlu_cfi *cfi, struct mlu_cfi_entry *table, struct mlu_cfi_entry *spare,
		   u32 nr);
enum mlu_cfi_refusal mlu_cfi_rule(const struct mlu_cfi *cfi, u64 addr,
				  struct mlu_cfi_scratch *scratch, struct mlu_cfi_rule *rule);

#endif /* MLU_CFI_H */
