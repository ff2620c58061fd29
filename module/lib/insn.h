/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insn: decode the length of an x86-64 instruction and how it continues.
 *
 * The walk over a function's code (exits.h) needs two facts of each instruction: where the next
 * one begins, and where the processor may continue. Operands are not decoded.
 *
 * Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: chapter 2
 * (instruction format, VEX and EVEX), appendix A (opcode maps). AMD's own opcodes (3DNow!, XOP,
 * SSE4a) and those that are invalid in 64-bit mode are undecodable.
 *
 * Pure: bytes in, a length out; no state, no locks, any context. The bytes are the target's and
 * hostile: whatever they are, no other bytes are read.
 */
#ifndef MLU_INSN_H
#define MLU_INSN_H

#include <linux/types.h>

/* No instruction is longer. */
#define MLU_INSN_MAX 15

/**
 * enum mlu_insn_flow - where the processor continues
 * @MLU_INSN_NEXT: at the next instruction
 * @MLU_INSN_CALL: in another function, and at the next instruction if that returns
 * @MLU_INSN_BRANCH: at the target or at the next instruction: jcc, loop, jrcxz, xbegin
 * @MLU_INSN_JUMP: at the target
 * @MLU_INSN_JUMP_SLOT: at the address in a variable of the object: jmp *slot(%rip)
 * @MLU_INSN_JUMP_COMPUTED: at any other computed address, also in another segment
 * @MLU_INSN_RETURN: at the return address: ret, rep ret
 * @MLU_INSN_OTHER_RETURN: the same by any other instruction, which may do more than ret does
 * @MLU_INSN_STOP: nowhere, it raises an exception: ud0, ud1, ud2, hlt, int3
 */
enum mlu_insn_flow {
	MLU_INSN_NEXT,
	MLU_INSN_CALL,
	MLU_INSN_BRANCH,
	MLU_INSN_JUMP,
	MLU_INSN_JUMP_SLOT,
	MLU_INSN_JUMP_COMPUTED,
	MLU_INSN_RETURN,
	MLU_INSN_OTHER_RETURN,
	MLU_INSN_STOP,
};

/**
 * struct mlu_insn - an instruction
 * @len: its length
 * @flow: enum mlu_insn_flow
 * @distance: from the end of the instruction to the target of a direct branch, jump or call, or to
 *	the variable of MLU_INSN_JUMP_SLOT; otherwise 0
 */
struct mlu_insn {
	u8 len;
	enum mlu_insn_flow flow;
	s64 distance;
};

bool mlu_insn_decode(const u8 *code, size_t len, struct mlu_insn *insn);

#endif /* MLU_INSN_H */
