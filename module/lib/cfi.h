/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cfi: the bytes of an .eh_frame section to the unwind rule of one address.
 *
 * Pure: it sees bytes, a length and an address, keeps no state outside of its structures and knows
 * nothing of tasks, files or mappings.  cfi.c reads entries, cfi_index.c makes the table of them,
 * cfi_rule.c interprets one.  They are built for the host too, with unit tests, an oracle and a
 * fuzzer in selftests.
 *
 * Sources: DWARF 5, 6.4 (call frame information) and 7.24; Linux Standard Base Core 5.0, 10.6
 * (.eh_frame); System V ABI, AMD64 supplement, 3.6.2 (numbers of registers) and 4.2.4.
 *
 * Context: mlu_cfi_count() and mlu_cfi_index() may sleep; mlu_cfi_rule() does not and is entered
 * from handlers.  No locks: a struct mlu_cfi is constant once its table is made.
 *
 * Every byte is hostile.  Each position is checked against the section's size without overflow,
 * each loop has a bound of its own, nothing recurses, and what cannot be expressed is refused by
 * name.
 */
#ifndef MLU_CFI_H
#define MLU_CFI_H

#include <linux/types.h>

#include "machine.h"

/*
 * Operations of a CIE and an FDE together, at most.  The longest of 1.3 million that Debian has
 * were of 7061, in libepoxy.
 */
#define MLU_CFI_MAX_OPS 16384
/* What DW_CFA_remember_state can nest to; compilers nest once. */
#define MLU_CFI_MAX_STATES 8

/* Why there is no rule. */
enum mlu_cfi_refusal {
	MLU_CFI_OK,
	MLU_CFI_NO_ENTRY,     /* no FDE covers the address */
	MLU_CFI_TRUNCATED,    /* an entry, or an operand, ends behind its end */
	MLU_CFI_VERSION,      /* of a CIE: neither 1, 3 nor 4 */
	MLU_CFI_AUGMENTATION, /* a letter that is not known */
	MLU_CFI_ENCODING,     /* of a pointer */
	MLU_CFI_REGISTER,     /* a number that x86-64 has not, or a return address that is not 16 */
	MLU_CFI_OPERATION,    /* a DW_CFA_ that is not known, or out of place */
	MLU_CFI_TOO_LONG,     /* more than MLU_CFI_MAX_OPS */
	MLU_CFI_STATES,	      /* remembered too often, or restored what was not remembered */
	MLU_CFI_RANGE,	      /* a number that does not fit */
	MLU_CFI_NR_REFUSALS
};

extern const char *const mlu_cfi_refusal_names[MLU_CFI_NR_REFUSALS];

/* How the caller's value of a register is to be had. */
enum mlu_cfi_how {
	MLU_CFI_SAME,	     /* it is what it is */
	MLU_CFI_UNDEFINED,   /* nobody knows; of the return address: this is the outermost frame */
	MLU_CFI_AT_OFFSET,   /* saved at CFA + value */
	MLU_CFI_IS_OFFSET,   /* it is CFA + value */
	MLU_CFI_IN_REGISTER, /* it is in register number value */
	MLU_CFI_AT_EXPRESSION, /* saved where an expression says; value: position of its length */
	MLU_CFI_IS_EXPRESSION, /* it is what an expression says; the same */
};

/*
 * What the entries say of the byte behind the address, which may be a return address.  No call
 * instruction ends there if it is MLU_CFI_FIRST_BYTE or MLU_CFI_SECOND_BYTE: then the frame was
 * written by hand, to be the first of a coroutine's stack, and has no caller.
 */
enum mlu_cfi_behind {
	MLU_CFI_ANY_BYTE,
	MLU_CFI_FIRST_BYTE,  /* the first byte of an entry's code */
	MLU_CFI_SECOND_BYTE, /* the second one: a call instruction has two bytes at least */
};

struct mlu_cfi_saved {
	u8 reg; /* 0 to 16 */
	u8 how; /* enum mlu_cfi_how */
	s32 value;
};

/*
 * The rule of one address: the CFA, and how the caller's registers are to be had, in order of their
 * numbers.  A register that is not listed is as the ABI has it: rsp is the CFA; rbx, rbp and r12 to
 * r15 are the same; the return address is in its slot at CFA - 8; nobody knows the others.
 */
struct mlu_cfi_rule {
	u8 nr;
	bool signal;	     /* of what a handler returns to: its caller was interrupted */
	bool cfa_expression; /* cfa_value is the position of an expression's length */
	u8 cfa_reg;
	u8 behind;     /* enum mlu_cfi_behind */
	s32 cfa_value; /* else the CFA is register cfa_reg + cfa_value */
	struct mlu_cfi_saved saved[MLU_CFI_NR_REGS + 1];
};

/* An FDE: the code that it covers begins at cfi->base + start. */
struct mlu_cfi_entry {
	u32 start;
	u32 fde; /* position of its length in the section */
};

/* A section and the table of its entries, sorted by start. */
struct mlu_cfi {
	const u8 *data;
	u32 size;
	u64 addr; /* of data[0] in the ELF file */
	u64 base; /* lowest start of all entries */
	const struct mlu_cfi_entry *table;
	u32 nr;
	u8 hole; /* why entries could not be read whose code is not known; 0: all could */
};

/* What interpreting needs; too large for a handler's stack. */
struct mlu_cfi_row {
	u8 cfa_reg;
	bool cfa_expression;
	bool cfa_set;
	u8 how[MLU_CFI_NR_REGS + 1];
	s32 cfa_value;
	s32 value[MLU_CFI_NR_REGS + 1];
	u32 listed; /* bit for each register that was told of */
};

struct mlu_cfi_scratch {
	u32 nr_ops; /* that were run */
	struct mlu_cfi_row row;
	struct mlu_cfi_row initial; /* after the CIE's operations */
	struct mlu_cfi_row states[MLU_CFI_MAX_STATES];
};

/**
 * mlu_cfi_init() - a section of @size bytes, the first of which has address @addr in the ELF file
 *
 * The section may be longer than its contents: they end at a length of zero, or where no entry
 * begins.
 */
void mlu_cfi_init(struct mlu_cfi *cfi, const u8 *data, u32 size, u64 addr);

/**
 * mlu_cfi_count() - how many entries of the section cover code, at most @max
 *
 * Also finds @cfi's base.  Context: may sleep.
 */
u32 mlu_cfi_count(struct mlu_cfi *cfi, u32 max);

/**
 * mlu_cfi_index() - make the table
 * @table: room for @nr entries, as mlu_cfi_count() said; belongs to @cfi from then on
 * @spare: as much room, for sorting; stays the caller's
 *
 * What is malformed is left out; code without an entry is then refused, as the entry may be its
 * own.  Of entries that begin at one address the first in the section
 * stays.  Context: may sleep.
 */
void mlu_cfi_index(struct mlu_cfi *cfi, struct mlu_cfi_entry *table, struct mlu_cfi_entry *spare,
		   u32 nr);

/**
 * mlu_cfi_rule() - the rule of an address
 * @addr: in the ELF file
 * @scratch: contents do not matter
 * @rule: what to fill
 *
 * Bounded: a bisection of the table, then at most MLU_CFI_MAX_OPS operations.
 *
 * Return: MLU_CFI_OK or why there is none; of @rule nothing but @behind is then defined.
 */
enum mlu_cfi_refusal mlu_cfi_rule(const struct mlu_cfi *cfi, u64 addr,
				  struct mlu_cfi_scratch *scratch, struct mlu_cfi_rule *rule);

#endif /* MLU_CFI_H */
