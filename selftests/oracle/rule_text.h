/* SPDX-License-Identifier: GPL-2.0-only */
/* rule_text: an unwind rule in words, ours and libdw's, so that equal rules are equal strings. */
#ifndef MLU_ORACLE_RULE_TEXT_H
#define MLU_ORACLE_RULE_TEXT_H

#include <elfutils/libdw.h>

#include "cfi.h"

#define RULE_WORDS 256

struct rule_text {
	char cfa[RULE_WORDS];
	char reg[MLU_CFI_NR_REGS + 1][RULE_WORDS];
	bool signal;
};

void rule_text_ours(struct rule_text *text, const struct mlu_cfi *cfi,
		    const struct mlu_cfi_rule *rule);
void rule_text_libdw(struct rule_text *text, Dwarf_Frame *frame, bool signal);

#endif /* MLU_ORACLE_RULE_TEXT_H */
