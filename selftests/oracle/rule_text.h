/* SPDX-License-Identifier: GPL-2.0-only */
/* rule_text: unwind rules as text, ours and libdw's: equal rules are equal strings. */
#ifndef MLU_ORACLE_RULE_TEXT_H
#define MLU_ORACLE_RULE_TEXT_H

#include <elfutils/libdw.h>

#include "cfi.h"

#define RULE_WORDS 256
#define RULE_REGS (MLU_CFI_NR_REGS + 1)

/**
 * struct rule_text - an unwind rule as text
 * @cfa: the CFA
 * @reg: how each register is restored
 * @signal: it is the rule of a signal frame
 */
struct rule_text {
	char cfa[RULE_WORDS];
	char reg[RULE_REGS][RULE_WORDS];
	bool signal;
};

void rule_text_ours(struct rule_text *text, const struct mlu_cfi *cfi,
		    const struct mlu_cfi_rule *rule);
void rule_text_libdw(struct rule_text *text, Dwarf_Frame *frame, bool signal);

#endif /* MLU_ORACLE_RULE_TEXT_H */
