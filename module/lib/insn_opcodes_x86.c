// SPDX-License-Identifier: GPL-2.0-only
/*
 * insn_opcodes_x86: what follows each opcode of the x86-64 instructions, see insn_opcodes.h.
 *
 * The tables have a character for each opcode, in the rows and columns of the manual's opcode maps.
 *
 * Source: Intel SDM, volume 2, appendix A: tables A-2 (one byte), A-3 (0F), A-4 (0F 38) and A-5
 * (0F 3A).
 *
 * Context: any. No locks, no state.
 */
#include "insn_opcodes.h"

static const char one_byte_opcodes[] = "mmmmbz--mmmmbz--"  /* 00 */
				       "mmmmbz--mmmmbz--"  /* 10 */
				       "mmmmbz--mmmmbz--"  /* 20 */
				       "mmmmbz--mmmmbz--"  /* 30 */
				       "----------------"  /* 40 */
				       "................"  /* 50 */
				       "---m----zZbB...."  /* 60 */
				       "jjjjjjjjjjjjjjjj"  /* 70 */
				       "BZ-Bmmmmmmmmmmmm"  /* 80 */
				       "..........-....."  /* 90 */
				       "oooo....bz......"  /* a0 */
				       "bbbbbbbbvvvvvvvv"  /* b0 */
				       "BBw.--BZe.w..b-."  /* c0 */
				       "mmmm---.mmmmmmmm"  /* d0 */
				       "jjjjbbbbJJ-j...."  /* e0 */
				       "-.--..tT......mm"; /* f0 */

static const char opcodes_0f[] = "mmmm-.....-.-m--"  /* 00 */
				 "mmmmmmmmmmmmmmmm"  /* 10 */
				 "rrrr----mmmmmmmm"  /* 20 */
				 "......-.--------"  /* 30 */
				 "mmmmmmmmmmmmmmmm"  /* 40 */
				 "mmmmmmmmmmmmmmmm"  /* 50 */
				 "mmmmmmmmmmmmmmmm"  /* 60 */
				 "BBBBmmm.mm--mmmm"  /* 70 */
				 "JJJJJJJJJJJJJJJJ"  /* 80 */
				 "mmmmmmmmmmmmmmmm"  /* 90 */
				 "...mBm--...mBmmm"  /* a0 */
				 "mmmmmmmmmmBmmmmm"  /* b0 */
				 "mmBmBBBm........"  /* c0 */
				 "mmmmmmmmmmmmmmmm"  /* d0 */
				 "mmmmmmmmmmmmmmmm"  /* e0 */
				 "mmmmmmmmmmmmmmmm"; /* f0 */

/* In map 1 of VEX and EVEX, 77 is vzeroall or vzeroupper, and 90 to 99 operate on masks. */
static const char vex_opcodes_0f[] = "----------------"	 /* 00 */
				     "mmmmmmmm--------"	 /* 10 */
				     "--------mmmmmmmm"	 /* 20 */
				     "----------------"	 /* 30 */
				     "-mm-mmmm--mm----"	 /* 40 */
				     "mmmmmmmmmmmmmmmm"	 /* 50 */
				     "mmmmmmmmmmmmmmmm"	 /* 60 */
				     "BBBBmmm.mmmmmmmm"	 /* 70 */
				     "----------------"	 /* 80 */
				     "mmmm----mm------"	 /* 90 */
				     "--------------m-"	 /* a0 */
				     "----------------"	 /* b0 */
				     "--B-BBB---------"	 /* c0 */
				     "mmmmmmmmmmmmmmmm"	 /* d0 */
				     "mmmmmmmmmmmmmmmm"	 /* e0 */
				     "mmmmmmmmmmmmmmm-"; /* f0 */

static const char opcodes_0f38[] = "mmmmmmmmmmmm----"  /* 00 */
				   "m---mm-m----mmm-"  /* 10 */
				   "mmmmmm--mmmm----"  /* 20 */
				   "mmmmmm-mmmmmmmmm"  /* 30 */
				   "mm--------------"  /* 40 */
				   "----------------"  /* 50 */
				   "----------------"  /* 60 */
				   "----------------"  /* 70 */
				   "mmm-------------"  /* 80 */
				   "----------------"  /* 90 */
				   "----------------"  /* a0 */
				   "----------------"  /* b0 */
				   "--------mmmmmm-m"  /* c0 */
				   "--------m--mmmmm"  /* d0 */
				   "----------------"  /* e0 */
				   "mm---mm-mmmmm---"; /* f0 */

static const char opcodes_0f3a[] = "--------BBBBBBBB"  /* 00 */
				   "----BBBB--------"  /* 10 */
				   "BBB-------------"  /* 20 */
				   "----------------"  /* 30 */
				   "BBB-B-----------"  /* 40 */
				   "----------------"  /* 50 */
				   "BBBB------------"  /* 60 */
				   "----------------"  /* 70 */
				   "----------------"  /* 80 */
				   "----------------"  /* 90 */
				   "----------------"  /* a0 */
				   "----------------"  /* b0 */
				   "------------B-BB"  /* c0 */
				   "---------------B"  /* d0 */
				   "----------------"  /* e0 */
				   "B---------------"; /* f0 */

static const char *const opcodes[] = {
	[MLU_OPCODES] = one_byte_opcodes,
	[MLU_OPCODES_0F] = opcodes_0f,
	[MLU_OPCODES_0F38] = opcodes_0f38,
	[MLU_OPCODES_0F3A] = opcodes_0f3a,
};

/**
 * mlu_insn_operands() - look up what follows an opcode
 * @map: enum mlu_opcode_map
 * @vex: there is a VEX or EVEX prefix; only then the map may be a later one than of 0F 3A
 * @opcode: the opcode's last byte
 *
 * New vector instructions are defined with each generation of processors, and all of a map have
 * the same operands. So those of the later maps are not listed.
 *
 * Return: one of the characters that insn_opcodes.h lists.
 */
char mlu_insn_operands(u8 map, bool vex, u8 opcode)
{
	if (!vex)
		return opcodes[map][opcode];
	switch (map) {
	case MLU_OPCODES_0F:
		return vex_opcodes_0f[opcode];
	case MLU_OPCODES_0F3A:
		return 'B';
	}
	return 'm';
}
