/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place: choose where in a function its breakpoint is set.
 *
 * A breakpoint on an instruction that the kernel emulates costs one exception; on any other
 * instruction it costs two, and the instruction is copied and single-stepped out of line. If the
 * kernel allows it, the probe's handler executes the instruction itself (step.h), which costs one
 * exception, too. Other tracers set theirs on the first instruction, and all uprobes on one
 * instruction must have the same reference counter (most have none): the first one decides, later
 * ones are refused. So the breakpoint is preferably set on an emulated instruction, then on one
 * that the handler can execute, and on a later one than the first, provided that
 *
 *  - each instruction before it is on a short list, none of which writes memory, moves the stack
 *    pointer, or changes one of the first four arguments or a callee-saved register: the call then
 *    looks as it did at its entry. The kernel also depends on the stack pointer: its return probe
 *    replaces the word at it, which must be the return address, as it is not behind a push;
 *  - no direct branch of the function lands behind its first byte up to and including the
 *    place, so that it is executed once in each call, and always after what was skipped;
 *  - an instruction that is single-stepped does the same wherever it is executed: it moves data or
 *    computes. A system call does not, as filters and dispatchers of system calls check its
 *    address.
 *
 * An instruction that allocates the function's frame may be executed by the handler only if the
 * probe has no return probe: the kernel prepares that after the handler, at the stack pointer that
 * the handler leaves.
 *
 * Skipped instructions may read a variable of the object itself (rip-relative): the processor
 * executes them before the breakpoint, as it would without one. If the read faults, the function
 * faults at its first instruction, traced or not, and no allocation is made.
 *
 * A function that starts with a push, as calloc and realloc of every glibc do, has its first
 * instruction as the only place.
 *
 * Pure: bytes in, places out; no state, no locks, any context. The bytes are the target's and
 * hostile: whatever they are, the places are among them and no other bytes are read.
 */
#ifndef MLU_PLACE_H
#define MLU_PLACE_H

#include <linux/types.h>

/* Largest distance of the breakpoint from the function's first byte. */
#define MLU_PLACE_MAX 16

/* Places of one function. Other tracers have few probes on one function, so this is enough. */
#define MLU_PLACES_MAX 4

/**
 * enum mlu_place_kind - how the instruction under a breakpoint is executed, best first
 * @MLU_PLACE_EMULATED: emulated by the kernel
 * @MLU_PLACE_EXECUTED: by the probe's handler
 * @MLU_PLACE_FRAME: the same, but not with a return probe: it allocates the function's frame
 * @MLU_PLACE_STEPPED: single-stepped out of line
 * @MLU_PLACE_NR_KINDS: how many there are
 */
enum mlu_place_kind {
	MLU_PLACE_EMULATED,
	MLU_PLACE_EXECUTED,
	MLU_PLACE_FRAME,
	MLU_PLACE_STEPPED,
	MLU_PLACE_NR_KINDS
};

/**
 * struct mlu_place - a place for a breakpoint
 * @offset: distance from the function's first byte
 * @kind: enum mlu_place_kind
 */
struct mlu_place {
	u8 offset;
	u8 kind;
};

/**
 * struct mlu_places - the places of a function, best first
 * @nr: how many, at least one
 * @place: by kind, and of each kind the first instruction after later ones
 */
struct mlu_places {
	unsigned int nr;
	struct mlu_place place[MLU_PLACES_MAX];
};

void mlu_places_find(const u8 *code, size_t len, bool whole, bool nop_emulated, bool executes,
		     struct mlu_places *places);

#endif /* MLU_PLACE_H */
