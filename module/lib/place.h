/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place: where inside a function its breakpoint may go.
 *
 * A breakpoint on an instruction that the kernel emulates costs one exception, on any other one
 * two and a copy of the instruction that is single-stepped out of line.  The first instruction is
 * also where other tracers put theirs, and all uprobes on one instruction must have the same
 * reference counter (most have none): the first one decides, later ones are refused.  So the
 * breakpoint preferably goes on an instruction that is emulated, and on a later one than the first,
 * provided that
 *
 *  - each instruction before it is on a short list, none of which writes memory, moves the stack
 *    pointer, changes one of the first four arguments or a register that a function has to
 *    preserve: there, the call looks as it did at its entry.  The stack pointer matters to the
 *    kernel, too: its return probe replaces the word that the stack pointer points to, which is the
 *    return address there and nowhere behind a push;
 *  - no direct branch of the function lands behind its first byte up to and including the
 *    place, so that it is passed once a call, and always after what was skipped;
 *  - an instruction that is not emulated does the same wherever it is executed: data is moved or
 *    calculated with.  A system call is none of them: filters and dispatchers of system calls look
 *    at its address.
 *
 * What is skipped may read a variable of the object itself (rip-relative): the processor does
 * that on its own, before the breakpoint, as it would without us.  If the read faults, the function
 * faults at its first instruction, whether or not it is traced, and no allocation was made.
 *
 * A function that begins with a push, as calloc and realloc of every glibc do, has its first
 * instruction for a place and no other one.
 *
 * Pure: bytes in, places out; no state, no locks, any context.  The bytes are the target's and
 * hostile: whatever they are, the places lie among them and only bytes among them are looked at.
 * x86-64 only for now.
 */
#ifndef MLU_PLACE_H
#define MLU_PLACE_H

#include <linux/types.h>

/* How far from the function's first byte the breakpoint may go. */
#define MLU_PLACE_MAX 16

/* Of one function.  More would not help: other tracers have few probes on one function. */
#define MLU_PLACES_MAX 4

struct mlu_place {
	u8 offset;     /* from the function's first byte */
	bool emulated; /* the kernel emulates the instruction there */
};

/* The best one first: emulated ones before others, and the first instruction after others. */
struct mlu_places {
	unsigned int nr; /* at least one */
	struct mlu_place place[MLU_PLACES_MAX];
};

/**
 * mlu_places_find() - find the places for a function's breakpoint
 * @code: the function's bytes from its first instruction on
 * @len: how many
 * @whole: these are all of them; otherwise the only place is the first instruction
 * @nop_emulated: this kernel emulates multi-byte nops too
 * @places: the answer; the first instruction, not emulated, if the bytes are not known
 */
void mlu_places_find(const u8 *code, size_t len, bool whole, bool nop_emulated,
		     struct mlu_places *places);

#endif /* MLU_PLACE_H */
