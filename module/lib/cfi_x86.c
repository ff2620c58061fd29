// SPDX-License-Identifier: GPL-2.0-only
/*
 * cfi_x86: frames in which no call can have been made.
 *
 * Pure, see cfi.h. Called from handlers; must not sleep.
 */
#include "cfi_internal.h"

/**
 * mlu_cfi_frame_is_empty() - does a frame hold nothing but the return address
 * @rule: the rule of an address
 *
 * It does so at a function's first instruction and at its return. The ABI (3.2.2) aligns the stack
 * to 16 bytes at each call, so a function pushes something before it calls another one.
 *
 * Return: true if it does, so that the address is not in or behind a call instruction.
 */
bool mlu_cfi_frame_is_empty(const struct mlu_cfi_rule *rule)
{
	return !rule->signal && !rule->cfa_expression && rule->cfa_reg == MLU_CFI_RSP &&
	       rule->cfa_value == sizeof(u64) &&
	       (!rule->nr || rule->saved[rule->nr - 1].reg != MLU_CFI_RA);
}
