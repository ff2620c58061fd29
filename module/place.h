/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place: where inside a function its breakpoint goes.
 *
 * A breakpoint on an instruction that the kernel emulates costs one exception, on any other one
 * two and a copy of the instruction that is single-stepped out of line. So the breakpoint goes on
 * the first instruction, or, if that is not emulated, on one a few bytes on that is, provided that
 *
 *  - each instruction before it is on a short list, none of which writes memory, moves the stack
 *    pointer or changes an argument register: there, the call looks as it did at its entry;
 *  - no direct branch of the function lands behind its first byte up to and including the
 *    place, so that it is passed once a call, and always after what was skipped.
 *
 * What is skipped may read a variable of the object itself (rip-relative): the processor does
 * that on its own, before the breakpoint, as it would without us. If the read faults, the function
 * faults at its first instruction, whether or not it is traced, and no allocation was made.
 *
 * Pure: bytes in, a place out; no state, no locks, any context. The bytes are the target's and
 * hostile: whatever they are, the place lies among them and only bytes among them are looked at.
 * x86-64 only for now.
 */
#ifndef MLU_PLACE_H
#define MLU_PLACE_H

#include <linux/types.h>

/* How far from the function's first byte the breakpoint may go. */
#define MLU_PLACE_MAX 16

struct mlu_place {
	u32 offset;    /* from the function's first byte */
	bool emulated; /* the kernel emulates the instruction there */
};

/**
 * mlu_place_find() - find the place for a function's breakpoint
 * @code: the function's bytes from its first instruction on
 * @len: how many
 * @whole: these are all of them; otherwise the place is the first instruction
 * @nop_emulated: this kernel emulates multi-byte nops too
 * @place: the answer; offset 0 and not emulated if the bytes are not known
 */
void mlu_place_find(const u8 *code, size_t len, bool whole, bool nop_emulated,
		    struct mlu_place *place);

#endif /* MLU_PLACE_H */
