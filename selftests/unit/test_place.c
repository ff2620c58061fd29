// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_place: where breakpoints go in handmade functions.
 *
 * Each row is a function's bytes and the place that it must get, on kernels that emulate multi-byte
 * nops and on those that do not. Every row is tried cut off at each byte, too.
 */
#include "exercise.h"
#include "place.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define BYTES(...) (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ })

#define PUSH_RBX 0x53
#define PUSH_R12 0x41, 0x54
#define RET 0xc3
#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa
#define TEST_RDI 0x48, 0x85, 0xff
#define JE_NEAR 0x0f, 0x84, 0x00, 0x10, 0x00, 0x00
#define CMPB_RIP 0x80, 0x3d, 0x78, 0x56, 0x34, 0x12, 0x00
#define NOP3 0x0f, 0x1f, 0x00
#define NOP10 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00
#define MOV_ECX_R10D 0x41, 0x89, 0xca
#define TEST_R9D 0x41, 0xf7, 0xc1, 0xff, 0x0f, 0x00, 0x00

/* clang-format off */
static const struct {
	const char *what;
	const u8 *code;
	size_t len;
	u32 offset;
	bool emulated;
	u32 nop_offset;		/* where the kernel emulates multi-byte nops */
	bool nop_emulated;
} rows[] = {
#define ROW(what, offset, emulated, ...) \
	{ what, BYTES(__VA_ARGS__), offset, emulated, offset, emulated }
#define NOP_ROW(what, offset, emulated, nop_offset, ...) \
	{ what, BYTES(__VA_ARGS__), offset, emulated, nop_offset, true }

	/* The first instruction is emulated. */
	ROW("push %rbx", 0, true, PUSH_RBX, RET),
	ROW("push %r12", 0, true, PUSH_R12, RET),
	ROW("jmp to another function", 0, true, 0xe9, 0x00, 0x10, 0x00, 0x00),
	ROW("short jmp", 0, true, 0xeb, 0x10, RET),
	ROW("call", 0, true, 0xe8, 0x00, 0x10, 0x00, 0x00, RET),
	ROW("jcc", 0, true, 0x74, 0x10, RET),
	ROW("near jcc", 0, true, JE_NEAR, RET),
	ROW("nop", 0, true, 0x90, RET),
	ROW("two-byte nop", 0, true, 0x66, 0x90, RET),

	/* It is not, and nothing may be skipped. */
	ROW("no bytes", 0, false),
	ROW("ret", 0, false, RET),
	ROW("sub from the stack pointer", 0, false, 0x48, 0x83, 0xec, 0x28, PUSH_RBX),
	ROW("mov to an argument", 0, false, 0x48, 0x89, 0xf7, PUSH_RBX),
	ROW("mov to the stack pointer", 0, false, 0x48, 0x89, 0xc4, PUSH_RBX),
	ROW("mov to rdx of the return address", 0, false, 0x48, 0x8b, 0x14, 0x24, PUSH_RBX),
	ROW("mov to r8", 0, false, 0x49, 0x89, 0xf8, PUSH_RBX),
	ROW("mov to memory", 0, false, 0x48, 0x89, 0x05, 0, 0, 0, 0, PUSH_RBX),
	ROW("mov to rbx", 0, false, 0x48, 0x89, 0xfb, PUSH_RBX),
	ROW("mov of an immediate", 0, false, 0xb8, 0x0b, 0, 0, 0, 0x0f, 0x05),
	ROW("add to a variable", 0, false, 0x80, 0x05, 0, 0, 0, 0, 1, PUSH_RBX),
	ROW("neg", 0, false, 0x48, 0xf7, 0xdf, PUSH_RBX),
	ROW("not", 0, false, 0x48, 0xf7, 0xd7, PUSH_RBX),
	ROW("cmp with what an argument points to", 0, false, 0x80, 0x3f, 0x00, PUSH_RBX),
	ROW("cmp of 16 bits", 0, false, 0x66, 0x81, 0xff, 0x34, 0x12, PUSH_RBX),
	ROW("test of the thread's memory", 0, false, 0x64, 0x80, 0x3c, 0x25, 0, 0, 0, 0, 0, RET),
	ROW("pause", 0, false, 0xf3, 0x90, PUSH_RBX),
	ROW("xchg %rax,%r8", 0, false, 0x49, 0x90, PUSH_RBX),
	ROW("push with REX.W", 0, false, 0x48, 0x53, RET),
	ROW("push of an immediate", 0, false, 0x6a, 0x01, RET),
	ROW("pop", 0, false, 0x5b, RET),
	ROW("jmp with a size prefix", 0, false, 0x66, 0xeb, 0x10, RET),
	ROW("indirect jmp", 0, false, 0xff, 0xe0),
	ROW("rdsspq, a hint in a nop's place", 0, false, 0xf3, 0x48, 0x0f, 0x1e, 0xc8, RET),
	ROW("endbr32", 0, false, 0xf3, 0x0f, 0x1e, 0xfb, PUSH_RBX),
	ROW("0f 1f that is no nop", 0, false, 0x0f, 0x1f, 0xc8, PUSH_RBX),

	/* A few bytes on. */
	ROW("endbr64; push", 4, true, ENDBR64, PUSH_RBX, RET),
	ROW("endbr64; push %r12", 4, true, ENDBR64, PUSH_R12, RET),
	ROW("free of glibc: test; je", 3, true, TEST_RDI, JE_NEAR, RET),
	ROW("endbr64; test; je", 7, true, ENDBR64, TEST_RDI, JE_NEAR, RET),
	ROW("memalign of glibc: cmpb; je", 7, true, CMPB_RIP, 0x74, 0x10, RET),
	ROW("valloc of glibc: cmpb; push", 7, true, CMPB_RIP, PUSH_RBX, RET),
	ROW("mmap of glibc: mov; test; jne", 10, true, MOV_ECX_R10D, TEST_R9D, 0x75, 0x10, RET),
	ROW("malloc of an older glibc: mov; push", 7, true,
	    0x48, 0x8b, 0x05, 0, 0, 0, 0, PUSH_R12, RET),
	ROW("cmp of two registers; jae", 3, true, 0x48, 0x39, 0xf7, 0x73, 0x10, RET),
	ROW("cmp with an 8-bit immediate; ja", 4, true, 0x48, 0x83, 0xff, 0x10, 0x77, 0x10, RET),
	ROW("cmp with a 32-bit immediate; ja", 7, true,
	    0x48, 0x81, 0xff, 0, 0, 1, 0, 0x77, 0x10, RET),
	ROW("testb with an immediate; je", 4, true, 0x40, 0xf6, 0xc7, 0x0f, 0x74, 0x10, RET),
	ROW("mov to r11; push", 3, true, 0x49, 0x89, 0xf3, PUSH_RBX, RET),
	ROW("16 bytes are skipped", 16, true, TEST_RDI, TEST_RDI, TEST_RDI, TEST_RDI, ENDBR64,
	    PUSH_RBX, RET),
	ROW("17 bytes are too many", 0, false, TEST_RDI, TEST_RDI, TEST_RDI, ENDBR64, ENDBR64,
	    PUSH_RBX, RET),
	ROW("nothing emulated follows", 0, false, TEST_RDI, RET),
	ROW("the end follows", 0, false, TEST_RDI),

	/* Multi-byte nops. */
	NOP_ROW("nop of 3 bytes; push", 3, true, 0, NOP3, PUSH_RBX, RET),
	NOP_ROW("nop of 10 bytes; push", 10, true, 0, NOP10, PUSH_RBX, RET),
	NOP_ROW("nop of 3 bytes; ret", 0, false, 0, NOP3, RET),
	NOP_ROW("endbr64; nop of 3 bytes; ret", 0, false, 4, ENDBR64, NOP3, RET),
	NOP_ROW("nop of 4 bytes", 4, true, 0, 0x0f, 0x1f, 0x40, 0x00, PUSH_RBX),
	NOP_ROW("nop of 5 bytes", 5, true, 0, 0x0f, 0x1f, 0x44, 0x00, 0x00, PUSH_RBX),
	NOP_ROW("nop of 6 bytes", 6, true, 0, 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, PUSH_RBX),
	NOP_ROW("nop of 7 bytes", 7, true, 0, 0x0f, 0x1f, 0x80, 0, 0, 0, 0, PUSH_RBX),
	NOP_ROW("nop of 8 bytes", 8, true, 0, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, PUSH_RBX),

	/* A branch lands on what was skipped or on the place. */
	ROW("jmp back to the place", 0, false, TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xfb),
	ROW("jmp back behind the first byte", 0, false, TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xf9),
	ROW("jmp back behind the place", 3, true, TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xfd),
	ROW("jmp back to the function", 3, true, TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xf8),
	ROW("jcc back to the place", 0, false, TEST_RDI, JE_NEAR, 0x75, 0xf8),
	ROW("near jcc to the place", 0, false, TEST_RDI, 0x74, 0x01, 0x0f, 0x85, 0xf8, 0xff, 0xff,
	    0xff),
	ROW("near jmp to the place", 0, false, TEST_RDI, 0x74, 0x01, 0xe9, 0xf9, 0xff, 0xff, 0xff),
	ROW("call of the place", 0, false, TEST_RDI, 0x74, 0x01, 0xe8, 0xf9, 0xff, 0xff, 0xff),
	ROW("loop to the place", 0, false, TEST_RDI, 0x74, 0x01, 0xe2, 0xfc),
	ROW("jrcxz to the place", 0, false, TEST_RDI, 0x74, 0x01, 0xe3, 0xfc),
	ROW("xbegin to the place", 0, false, TEST_RDI, 0x74, 0x01, 0xc7, 0xf8, 0xf8, 0xff, 0xff,
	    0xff),
	ROW("the place jumps to itself", 0, false, TEST_RDI, 0xeb, 0xfe),
	ROW("an immediate that could be such a jmp", 0, false, TEST_RDI, 0x74, 0x01, 0xb8, 0xeb,
	    0xfa, 0, 0),
	ROW("a branch to an emulated first instruction is no matter", 0, true, PUSH_RBX, 0xeb,
	    0xfd),
};

/* clang-format on */

static bool is_at(const struct mlu_place *place, u32 offset, bool emulated)
{
	return place->offset == offset && place->emulated == emulated;
}

/* All of it at every length, so that no decoder looks behind the end. */
static void test_every_length(const u8 *code, size_t len)
{
	size_t cut;
	u8 *copy;
	int ask;

	for (cut = 0; cut <= len; cut++) {
		copy = malloc(cut ? cut : 1);
		if (cut)
			memcpy(copy, code, cut);
		for (ask = 0; ask < 4; ask++)
			exercise_place(copy, cut, ask & 1, ask & 2);
		free(copy);
	}
}

static void test_row(unsigned int i)
{
	struct mlu_place place, nop_place, part;

	mlu_place_find(rows[i].code, rows[i].len, true, false, &place);
	mlu_place_find(rows[i].code, rows[i].len, true, true, &nop_place);
	mlu_place_find(rows[i].code, rows[i].len, false, false, &part);
	tap_ok(is_at(&place, rows[i].offset, rows[i].emulated) &&
		       is_at(&nop_place, rows[i].nop_offset, rows[i].nop_emulated) &&
		       is_at(&part, 0, rows[i].emulated && !rows[i].offset),
	       "%s: +%u %s (got +%u %s; with nops +%u %s; in part +%u %s)", rows[i].what,
	       rows[i].offset, rows[i].emulated ? "emulated" : "stepped", place.offset,
	       place.emulated ? "emulated" : "stepped", nop_place.offset,
	       nop_place.emulated ? "emulated" : "stepped", part.offset,
	       part.emulated ? "emulated" : "stepped");
	test_every_length(rows[i].code, rows[i].len);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(i);
	return tap_end();
}
