/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insn_opcodes: the opcode maps of the instruction decoder, used by insn_x86.c only.
 *
 * What follows an opcode:
 *
 *	.  nothing			m  a ModRM byte and its operand
 *	b  one byte			B  both
 *	w  two bytes			z  two bytes or, without the size prefix, four
 *	e  three bytes			Z  a ModRM byte, its operand, and as z
 *	v  as z, eight with REX.W	o  an address: eight bytes, four with prefix 67
 *	j  a distance of one byte	J  a distance of four bytes
 *	r  a ModRM byte without operand
 *	t  as m, and as b if the ModRM byte's reg field is 0 or 1
 *	T  as m, and as z if the ModRM byte's reg field is 0 or 1
 *	-  undefined, or a prefix that is not expected at this point
 */
#ifndef MLU_INSN_OPCODES_H
#define MLU_INSN_OPCODES_H

#include <linux/types.h>

/**
 * enum mlu_opcode_map - opcode maps, numbered as VEX and EVEX prefixes do
 * @MLU_OPCODES: of one byte
 * @MLU_OPCODES_0F: behind 0F
 * @MLU_OPCODES_0F38: behind 0F 38
 * @MLU_OPCODES_0F3A: behind 0F 3A
 * @MLU_OPCODES_EVEX_5: behind an EVEX prefix only
 * @MLU_OPCODES_EVEX_6: behind an EVEX prefix only
 */
enum mlu_opcode_map {
	MLU_OPCODES,
	MLU_OPCODES_0F,
	MLU_OPCODES_0F38,
	MLU_OPCODES_0F3A,
	MLU_OPCODES_EVEX_5 = 5,
	MLU_OPCODES_EVEX_6,
};

char mlu_insn_operands(u8 map, bool vex, u8 opcode);

#endif /* MLU_INSN_OPCODES_H */
