// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_insn: the instruction decoder's results on handwritten instructions.
 *
 * Each row has an instruction, how it continues and its distance. It is decoded with bytes behind
 * it, and cut after each byte, which must be refused.
 */
#include "insn.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define BYTES(...) (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ })

#define NEXT MLU_INSN_NEXT
#define CALL MLU_INSN_CALL
#define BRANCH MLU_INSN_BRANCH
#define JUMP MLU_INSN_JUMP
#define SLOT MLU_INSN_JUMP_SLOT
#define COMPUTED MLU_INSN_JUMP_COMPUTED
#define RETURN MLU_INSN_RETURN
#define OTHER_RETURN MLU_INSN_OTHER_RETURN
#define STOP MLU_INSN_STOP
#define BAD -1

#define D32 0x10, 0x20, 0x30, 0x40
#define I8 0x5a
#define I16 0x5a, 0x5b

/* clang-format off */
static const struct {
	const char *what;
	const u8 *code;
	size_t len;
	int flow;
	s64 distance;
} rows[] = {
#define ROW(what, ...) { what, BYTES(__VA_ARGS__), NEXT, 0 }
#define BAD_ROW(what, ...) { what, BYTES(__VA_ARGS__), BAD, 0 }
#define FLOW_ROW(what, flow, distance, ...) { what, BYTES(__VA_ARGS__), flow, distance }

	/* Operands in memory */
	ROW("add %al,(%rax)", 0x00, 0x00),
	ROW("a displacement of 1 byte", 0x8b, 0x47, I8),
	ROW("a displacement of 4 bytes", 0x8b, 0x87, D32),
	ROW("relative to rip", 0x8b, 0x05, D32),
	ROW("an index", 0x8b, 0x04, 0x24),
	ROW("an index and 1 byte", 0x8b, 0x44, 0x24, I8),
	ROW("an index and 4 bytes", 0x8b, 0x84, 0x24, D32),
	ROW("an index without a base", 0x8b, 0x04, 0x25, D32),
	ROW("an index, a base of rbp, 1 byte", 0x8b, 0x44, 0x05, I8),
	ROW("a register", 0x8b, 0xc4),
	ROW("REX.B does not change the index byte", 0x49, 0x8b, 0x04, 0x24),
	ROW("an address of 4 bytes does not change its length", 0x67, 0x8b, 0x84, 0x24, D32),

	/* Immediate operands */
	ROW("mov of 4 bytes", 0xb8, D32),
	ROW("mov of 2 bytes", 0x66, 0xb8, I16),
	ROW("mov of 8 bytes", 0x48, 0xb8, D32, D32),
	ROW("REX.W overrides the size prefix", 0x66, 0x48, 0xb8, D32, D32),
	ROW("mov of 1 byte", 0xb0, I8),
	ROW("mov of 4 bytes to memory", 0xc7, 0x44, 0x24, I8, D32),
	ROW("mov of 2 bytes to memory", 0x66, 0xc7, 0x07, I16),
	ROW("a 64-bit mov of 4 bytes to memory", 0x48, 0xc7, 0x07, D32),
	ROW("a 64-bit mov with a size prefix", 0x66, 0x48, 0xc7, 0x07, D32),
	ROW("mov from an address of 8 bytes", 0xa1, D32, D32),
	ROW("mov from an address of 4 bytes", 0x67, 0xa1, D32),
	ROW("the size prefix does not change an address", 0x66, 0xa1, D32, D32),
	ROW("test of 1 byte", 0xf6, 0x07, I8),
	ROW("test of 1 byte, /1", 0xf6, 0xc8, I8),
	ROW("not", 0xf6, 0xd0),
	ROW("test of 4 bytes", 0xf7, 0xc7, D32),
	ROW("test of 2 bytes, /1", 0x66, 0xf7, 0xcf, I16),
	ROW("neg", 0x48, 0xf7, 0xdf),
	ROW("push of 4 bytes", 0x68, D32),
	ROW("push of 2 bytes", 0x66, 0x68, I16),
	ROW("push of 1 byte", 0x6a, I8),
	ROW("imul of 4 bytes", 0x69, 0xc0, D32),
	ROW("imul of 1 byte", 0x6b, 0xc0, I8),
	ROW("enter", 0xc8, I16, I8),
	ROW("shift", 0xc1, 0xe0, I8),
	ROW("int", 0xcd, 0x80),
	ROW("shld of 1 byte", 0x0f, 0xa4, 0xc2, I8),
	ROW("bt of 1 byte", 0x0f, 0xba, 0xe0, I8),
	ROW("pshufd", 0x66, 0x0f, 0x70, 0xc0, I8),
	ROW("palignr", 0x66, 0x0f, 0x3a, 0x0f, 0xc1, I8),
	ROW("pshufb", 0x66, 0x0f, 0x38, 0x00, 0xc1),
	ROW("crc32", 0xf2, 0x48, 0x0f, 0x38, 0xf1, 0xc7),

	/* Prefixes */
	ROW("endbr64", 0xf3, 0x0f, 0x1e, 0xfa),
	ROW("nop of 10 bytes", 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0),
	ROW("15 bytes", 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0),
	BAD_ROW("16 bytes", 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0,
		0, 0, 0),
	BAD_ROW("prefixes alone", 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		0x66, 0x66, 0x66, 0x66, 0x66),
	ROW("a REX prefix has no effect in front of another", 0x48, 0x66, 0xb8, I16),
	ROW("the last of two REX prefixes counts", 0x48, 0x41, 0xb8, D32),
	ROW("lock cmpxchg", 0xf0, 0x48, 0x0f, 0xb1, 0x0f),
	ROW("mov %fs:0x28,%rax", 0x64, 0x48, 0x8b, 0x04, 0x25, D32),
	ROW("pause", 0xf3, 0x90),
	ROW("syscall", 0x0f, 0x05),
	ROW("mov to a control register ignores mod", 0x0f, 0x22, 0x44),

	/* VEX and EVEX */
	ROW("vzeroupper", 0xc5, 0xf8, 0x77),
	ROW("vmovdqu in 2-byte VEX", 0xc5, 0xfe, 0x6f, 0x44, 0x24, I8),
	ROW("vpshufd in 2-byte VEX", 0xc5, 0xf9, 0x70, 0xc0, I8),
	ROW("andn in 3-byte VEX", 0xc4, 0xe2, 0x70, 0xf2, 0xc2),
	ROW("vinserti128 in 3-byte VEX", 0xc4, 0xe3, 0x7d, 0x38, 0xc1, I8),
	ROW("VEX behind a segment prefix", 0x64, 0xc5, 0xfe, 0x6f, 0x00),
	ROW("vmovdqu64 in EVEX, map 1", 0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x47, I8),
	ROW("vpermb in EVEX, map 2", 0x62, 0xf2, 0x75, 0x48, 0x8d, 0xc2),
	ROW("vpternlogd in EVEX, map 3", 0x62, 0xf3, 0x75, 0x48, 0x25, 0xc2, I8),
	ROW("vaddph in EVEX, map 5", 0x62, 0xf5, 0x74, 0x48, 0x58, 0xc2),
	ROW("vfmadd132ph in EVEX, map 6", 0x62, 0xf6, 0x75, 0x48, 0x98, 0xc2),
	BAD_ROW("map 0 in EVEX", 0x62, 0xf0, 0x75, 0x48, 0x98, 0xc2),
	BAD_ROW("map 4 in EVEX", 0x62, 0xf4, 0x75, 0x48, 0x98, 0xc2),
	BAD_ROW("map 7 in EVEX", 0x62, 0xf7, 0x75, 0x48, 0x98, 0xc2),
	BAD_ROW("EVEX with a constant bit set", 0x62, 0xf9, 0x75, 0x48, 0x98, 0xc2),
	BAD_ROW("EVEX with a constant bit clear", 0x62, 0xf1, 0x71, 0x48, 0x98, 0xc2),
	BAD_ROW("map 4 in VEX", 0xc4, 0xe4, 0x70, 0xf2, 0xc2),
	BAD_ROW("map 0 in VEX", 0xc4, 0xe0, 0x70, 0xf2, 0xc2),
	BAD_ROW("VEX behind a size prefix", 0x66, 0xc5, 0xf8, 0x77),
	BAD_ROW("VEX behind a REX prefix", 0x48, 0xc5, 0xf8, 0x77),
	BAD_ROW("VEX behind a rep prefix", 0xf3, 0xc5, 0xf8, 0x77),

	/* Undefined */
	BAD_ROW("push %es", 0x06),
	BAD_ROW("daa", 0x27),
	BAD_ROW("aam", 0xd4, 0x0a),
	BAD_ROW("pusha", 0x60),
	BAD_ROW("82", 0x82, 0xc0, I8),
	BAD_ROW("a far call of an address", 0x9a, D32, I16),
	BAD_ROW("a far jump to an address", 0xea, D32, I16),
	BAD_ROW("into", 0xce),
	BAD_ROW("salc", 0xd6),
	BAD_ROW("XOP", 0x8f, 0xe8, 0x78, 0xc0, 0xc0, I8),
	BAD_ROW("3DNow!", 0x0f, 0x0f, 0xc0, 0x9e),
	BAD_ROW("SSE4a extrq", 0x66, 0x0f, 0x78, 0xc0, 0, 0),
	BAD_ROW("fe /2", 0xfe, 0xd0),
	BAD_ROW("ff /7", 0xff, 0xf8),
	BAD_ROW("c7 /1", 0xc7, 0xc8, D32),
	BAD_ROW("bt /0", 0x0f, 0xba, 0xc0, I8),
	BAD_ROW("0f 38 50", 0x0f, 0x38, 0x50, 0xc0),
	BAD_ROW("0f 3a 00", 0x0f, 0x3a, 0x00, 0xc0, I8),

	/* How they continue */
	FLOW_ROW("ret", RETURN, 0, 0xc3),
	FLOW_ROW("rep ret", RETURN, 0, 0xf3, 0xc3),
	FLOW_ROW("ret and pop", OTHER_RETURN, 0, 0xc2, I16),
	FLOW_ROW("bnd ret", OTHER_RETURN, 0, 0xf2, 0xc3),
	FLOW_ROW("16-bit ret", OTHER_RETURN, 0, 0x66, 0xc3),
	FLOW_ROW("ret with a segment prefix", OTHER_RETURN, 0, 0x2e, 0xc3),
	FLOW_ROW("lret", OTHER_RETURN, 0, 0xcb),
	FLOW_ROW("lret and pop", OTHER_RETURN, 0, 0xca, I16),
	FLOW_ROW("iretq", OTHER_RETURN, 0, 0x48, 0xcf),
	FLOW_ROW("sysretq", OTHER_RETURN, 0, 0x48, 0x0f, 0x07),
	FLOW_ROW("sysexit", OTHER_RETURN, 0, 0x0f, 0x35),
	FLOW_ROW("uiret", OTHER_RETURN, 0, 0xf3, 0x0f, 0x01, 0xec),
	FLOW_ROW("call", CALL, 0x40302010, 0xe8, D32),
	FLOW_ROW("call back", CALL, -2, 0xe8, 0xfe, 0xff, 0xff, 0xff),
	FLOW_ROW("call with an address size prefix", CALL, 0x40302010, 0x67, 0xe8, D32),
	FLOW_ROW("call with a size prefix and REX.W", CALL, 0x40302010, 0x66, 0x48, 0xe8, D32),
	FLOW_ROW("call through a register", CALL, 0, 0xff, 0xd0),
	FLOW_ROW("call through a slot", CALL, 0, 0xff, 0x15, D32),
	FLOW_ROW("far call", CALL, 0, 0xff, 0x18),
	FLOW_ROW("jmp", JUMP, 0x40302010, 0xe9, D32),
	FLOW_ROW("bnd jmp", JUMP, 0x40302010, 0xf2, 0xe9, D32),
	FLOW_ROW("short jmp", JUMP, -128, 0xeb, 0x80),
	FLOW_ROW("je", BRANCH, 127, 0x74, 0x7f),
	FLOW_ROW("je with a hint", BRANCH, 127, 0x3e, 0x74, 0x7f),
	FLOW_ROW("near jg", BRANCH, 0x40302010, 0x0f, 0x8f, D32),
	FLOW_ROW("loop", BRANCH, -2, 0xe2, 0xfe),
	FLOW_ROW("jecxz", BRANCH, 16, 0x67, 0xe3, 0x10),
	FLOW_ROW("xbegin", BRANCH, 0x40302010, 0xc7, 0xf8, D32),
	FLOW_ROW("xabort", NEXT, 0, 0xc6, 0xf8, I8),
	FLOW_ROW("jmp through a slot", SLOT, 0x40302010, 0xff, 0x25, D32),
	FLOW_ROW("bnd jmp through a slot", SLOT, 0x40302010, 0xf2, 0xff, 0x25, D32),
	FLOW_ROW("jmp through a 32-bit slot address", COMPUTED, 0, 0x67, 0xff, 0x25, D32),
	FLOW_ROW("jmp through a register", COMPUTED, 0, 0xff, 0xe0),
	FLOW_ROW("notrack jmp through a table", COMPUTED, 0, 0x3e, 0xff, 0x24, 0xc5, D32),
	FLOW_ROW("far jmp", COMPUTED, 0, 0xff, 0x28),
	BAD_ROW("far call through a register", 0xff, 0xd8),
	BAD_ROW("far jmp through a register", 0xff, 0xe8),
	BAD_ROW("call with a size prefix", 0x66, 0xe8, D32),
	BAD_ROW("jmp with a size prefix", 0x66, 0xe9, D32),
	BAD_ROW("short jmp with a size prefix", 0x66, 0xeb, 0x10),
	BAD_ROW("near je with a size prefix", 0x66, 0x0f, 0x84, D32),
	BAD_ROW("xbegin with a size prefix", 0x66, 0xc7, 0xf8, D32),
	FLOW_ROW("ud2", STOP, 0, 0x0f, 0x0b),
	FLOW_ROW("ud1", STOP, 0, 0x0f, 0xb9, 0x40, I8),
	FLOW_ROW("ud0", STOP, 0, 0x0f, 0xff, 0xc0),
	FLOW_ROW("hlt", STOP, 0, 0xf4),
	FLOW_ROW("int3", STOP, 0, 0xcc),
	ROW("push through memory", 0xff, 0x35, D32),
	ROW("a VEX opcode that is a jcc without it", 0xc4, 0xe2, 0x79, 0x8c, 0x00),
};

/* clang-format on */

/* Decode the first @len bytes from a block of exactly their size. */
static bool decode_part(const u8 *code, size_t len, struct mlu_insn *insn)
{
	u8 *copy = malloc(len ? len : 1);
	bool good;

	memcpy(copy, code, len);
	good = mlu_insn_decode(copy, len, insn);
	free(copy);
	return good;
}

static void test_row(unsigned int i)
{
	u8 code[32] = {};
	struct mlu_insn insn;
	bool good, cut = false;
	size_t len;

	memset(code, 0x90, sizeof(code));
	memcpy(code, rows[i].code, rows[i].len);
	good = mlu_insn_decode(code, sizeof(code), &insn);
	if (rows[i].flow == BAD) {
		tap_ok(!good, "%s: undecodable", rows[i].what);
		return;
	}
	tap_ok(good && insn.len == rows[i].len && (int)insn.flow == rows[i].flow &&
		       insn.distance == rows[i].distance,
	       "%s: %zu bytes", rows[i].what, rows[i].len);
	tap_ok(decode_part(code, rows[i].len, &insn), "%s: no more is read", rows[i].what);
	for (len = 0; len < rows[i].len; len++)
		cut |= decode_part(code, len, &insn);
	tap_ok(!cut, "%s: a part is refused", rows[i].what);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(i);
	return tap_end();
}
