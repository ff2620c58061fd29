// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_exits: the exits of handwritten functions.
 *
 * Each row has code, the unwind entries that cover it, and the expected result: the offsets of the
 * exits, with a "j" behind those that are jumps, or the refusal and the offset of the refused code.
 * Each row is tried with each way to find the entries.
 */
#include "exits.h"
#include "exits_image.h"
#include "tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#define BYTES(...) (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ })
#define MAX_PARTS 3

#define RET 0xc3
#define NOP 0x90
#define UD2 0x0f, 0x0b
#define HLT 0xf4
#define INT3 0xcc
#define JE_SHORT(distance) 0x74, (u8)(distance)
#define JMP_SHORT(distance) 0xeb, (u8)(distance)
#define MOV_EAX_IMMEDIATE 0xb8, 0xc3, 0xc3, 0xc3, 0xc3
#define LOCK_CMPXCHG 0xf0, 0x0f, 0xb1, 0x0f
#define IF_RET JE_SHORT(1), RET
#define IF_RET_8 IF_RET, IF_RET, IF_RET, IF_RET, IF_RET, IF_RET, IF_RET, IF_RET

/* clang-format off */
static const struct {
	const char *what;
	const u8 *code;
	size_t len;
	const char *result;
	struct exits_part parts[MAX_PARTS]; /* none: one entry covers the code */
} rows[] = {
#define ROW(what, result, ...) { what, BYTES(__VA_ARGS__), result, {} }
/* Two entries: up to offset @split, and from there up to EXITS_LOCAL. */
#define PARTS_ROW(what, split, result, ...) \
	{ what, BYTES(__VA_ARGS__), result, \
	  { { 0, split, 0 }, { split, EXITS_LOCAL - (split), 0 } } }
/* One entry up to EXITS_LOCAL with a handler. */
#define HANDLER_ROW(what, handler, result, ...) \
	{ what, BYTES(__VA_ARGS__), result, { { 0, EXITS_LOCAL, handler } } }
/* One entry up to EXITS_LOCAL, where a function that a slot names returns; it has one, too. */
#define LOCAL_ROW(what, result, ...) \
	{ what, (const u8[EXITS_LOCAL + 1]){ __VA_ARGS__, [EXITS_LOCAL] = RET }, EXITS_LOCAL + 1, \
	  result, { { 0, EXITS_LOCAL, 0 }, { EXITS_LOCAL, 1, 0 } } }

	ROW("ret", "0", RET),
	ROW("rep ret", "0", 0xf3, RET),
	ROW("endbr64; ret", "4", 0xf3, 0x0f, 0x1e, 0xfa, RET),
	ROW("ret in an immediate", "5", MOV_EAX_IMMEDIATE, RET),
	ROW("two returns", "2 3", JE_SHORT(1), RET, RET),
	ROW("a near branch", "6 7", JE(0, 7), RET, RET),
	ROW("a loop", "3", NOP, JE_SHORT(-3), RET),
	ROW("a loop without end", "", NOP, JMP_SHORT(-3)),
	ROW("loop and jrcxz", "4 5", 0xe2, 0x03, 0xe3, 0x00, RET, RET),
	ROW("xbegin", "6 7", 0xc7, 0xf8, 1, 0, 0, 0, RET, RET),
	ROW("a jump over code that is not reached", "3", JMP_SHORT(1), 0x06, RET),
	ROW("a jump to the function itself", "2", JE_SHORT(1), RET, JMP_SHORT(-5)),
	ROW("a call", "5", CALL(0, 0x200), RET),
	ROW("a call through a register", "2", 0xff, 0xd0, RET),
	ROW("a call that does not return, at the end", "2", JE_SHORT(1), RET, CALL(3, 0x200)),
	ROW("the end by ud2", "2", JE_SHORT(1), RET, UD2),
	ROW("the end by hlt", "2", JE_SHORT(1), RET, HLT),
	ROW("the end by int3", "2", JE_SHORT(1), RET, INT3, 0x06),
	ROW("a jump behind a lock prefix", "6", JE_SHORT(1), LOCK_CMPXCHG, RET),
	ROW("32 returns", "2 5 8 11 14 17 20 23 26 29 32 35 38 41 44 47 50 53 56 59 62 65 68 71 74 "
	    "77 80 83 86 89 92 95",
	    IF_RET_8, IF_RET_8, IF_RET_8, IF_RET_8, UD2),

	/* Refusals */
	ROW("33 returns", "too_large 2", IF_RET_8, IF_RET_8, IF_RET_8, IF_RET_8, RET),
	ROW("ret and pop", "other_return 1", NOP, 0xc2, 8, 0),
	ROW("bnd ret", "other_return 0", 0xf2, RET),
	ROW("lret", "other_return 0", 0xcb),
	ROW("a return with a segment prefix", "other_return 0", 0x2e, RET),
	ROW("a jump through a register", "computed_jump 0", 0xff, 0xe0),
	ROW("a jump table", "computed_jump 0", 0x3e, 0xff, 0x24, 0xc5, 0, 0, 0, 0),
	ROW("an invalid opcode", "undecodable 1", NOP, 0x06),
	ROW("a jump into an instruction", "undecodable 1", MOV_EAX_IMMEDIATE, JE_SHORT(-6), RET),
	ROW("a jump to where another instruction is", "undecodable 4", JE_SHORT(3), JE_SHORT(0),
	    0xb8, RET, 0, 0, 0, RET),
	ROW("the end in an instruction", "undecodable 0", 0xb8, 0, 0),
	ROW("a jump to code without an entry", "no_entry 512", JMP(0, 0x200)),
	ROW("a branch to code without an entry", "no_entry 512", JE(0, 0x200), RET),
	ROW("a jump to another segment", "no_entry -1048576", JMP(0, -0x100000)),
	ROW("no ret at the end", "no_entry 1", NOP),

	/* Several entries */
	PARTS_ROW("a cold part", 7, "6 7", JE(0, 7), RET, RET),
	PARTS_ROW("a cold part that jumps back", 7, "6", JE(0, 7), RET, JMP(7, 6)),
	PARTS_ROW("a tail call", 5, "6", JMP(0, 5), NOP, RET),
	PARTS_ROW("a jump to the middle of another function", 5, "6", JMP(0, 6), NOP, RET),
	PARTS_ROW("a call of the next function that does not return", 5, "", CALL(0, 5), RET),
	PARTS_ROW("no jump to the next function", 1, "1", NOP, RET),
	PARTS_ROW("a branch at the end", 2, "2 3", JE_SHORT(1), RET, RET),

	/* Exception handlers */
	HANDLER_ROW("a handler returns", 3, "0 3", RET, NOP, NOP, RET),
	HANDLER_ROW("a handler jumps back", 3, "0", RET, NOP, NOP, JMP(3, 0)),
	HANDLER_ROW("a handler is in an instruction", 1, "undecodable 1", MOV_EAX_IMMEDIATE, RET),
	HANDLER_ROW("a handler has no entry", 200, "no_entry 200", RET),
	HANDLER_ROW("a handler ends", 1, "0", RET, UD2),

	/* The linkage table and slots */
	ROW("a tail call of memset", "0j", JMP(0, EXITS_ENTRY(EXITS_MEMSET))),
	ROW("a tail call of memset through the slot", "0j", JMP_SLOT(0, EXITS_MEMSET)),
	ROW("a tail call of __memmove_chk", "0j", JMP(0, EXITS_ENTRY(EXITS_MEMMOVE_CHK))),
	ROW("a return and a tail call of memset", "2 3j", JE_SHORT(1), RET,
	    JMP(3, EXITS_ENTRY(EXITS_MEMSET))),
	ROW("a tail call of memcpy, an IFUNC", "1j", NOP, JMP(1, EXITS_ENTRY(EXITS_IFUNC))),
	ROW("a tail call of a resolver without a name", "1l",
	    NOP, JMP(1, EXITS_ENTRY(EXITS_NO_NAME))),
	ROW("a branch to memset", "leaves 0", JE(0, EXITS_ENTRY(EXITS_MEMSET)), RET),
	ROW("a tail call of memset with a prefix", "leaves 0",
	    0x3e, JMP(1, EXITS_ENTRY(EXITS_MEMSET))),
	ROW("a tail call of another object's function", "1l",
	    NOP, JMP(1, EXITS_ENTRY(EXITS_OTHER))),
	ROW("the same through the slot", "1l", NOP, JMP_SLOT(1, EXITS_OTHER)),
	ROW("a branch to another object's function", "leaves 0",
	    JE(0, EXITS_ENTRY(EXITS_OTHER)), RET),
	ROW("a call of another object's function", "5", CALL(0, EXITS_ENTRY(EXITS_OTHER)), RET),
	LOCAL_ROW("a tail call of an exported function", "64 interposable",
		  JMP(0, EXITS_ENTRY(EXITS_EXPORTED))),
	LOCAL_ROW("a branch to an exported function", "6 64 interposable",
		  JE(0, EXITS_ENTRY(EXITS_EXPORTED)), RET),
	LOCAL_ROW("a tail call of a protected function", "64",
		  JMP(0, EXITS_ENTRY(EXITS_PROTECTED))),
	LOCAL_ROW("a jump to the address in a variable", "0l", JMP_SLOT(0, EXITS_VARIABLE)),
	LOCAL_ROW("a slot without a relocation", "0l", JMP_SLOT(0, EXITS_NO_RELOC)),
};

/* clang-format on */

#define TEXT_MAX 256

static struct mlu_exits_work work;

/* By enum mlu_exit_kind. */
static const char *const kinds[] = { "", "j", "l" };

static void describe_exits(const struct mlu_exits *exits, char *text)
{
	unsigned int i;

	*text = 0;
	if (exits->refusal) {
		sprintf(text, "%s %lld", mlu_refused_exits[exits->refusal].word,
			(s64)exits->where - ASM_CODE);
		return;
	}
	for (i = 0; i < exits->nr; i++)
		text += sprintf(text, "%s%lld%s", i ? " " : "", exits->exit[i].vaddr - ASM_CODE,
				kinds[exits->exit[i].kind]);
	if (exits->interposable)
		sprintf(text, " interposable");
}

static bool are_exits_of(const struct image *image, const struct mlu_exits *exits)
{
	unsigned int i;

	for (i = 0; i < exits->nr; i++)
		if (exits->exit[i].offset != exits->exit[i].vaddr - EXITS_BIAS ||
		    memcmp(exits->exit[i].bytes, image->bytes + exits->exit[i].offset,
			   exits->exit[i].len))
			return false;
	return true;
}

static void test_row(unsigned int row, enum exits_table how)
{
	struct exits_part parts[MAX_PARTS] = { { 0, rows[row].len, 0 } };
	struct mlu_exits exits;
	unsigned int nr = 1;
	struct image image;
	char text[TEXT_MAX];

	if (rows[row].parts[0].len) {
		memcpy(parts, rows[row].parts, sizeof(parts));
		for (nr = 0; nr < MAX_PARTS && parts[nr].len; nr++)
			;
	}
	exits_image_make(&image, rows[row].code, rows[row].len, parts, nr, how);
	if (image_open(&image, 4096) || mlu_exits_find(&image.elf, ASM_CODE, &work, &exits)) {
		tap_ok(false, "%s: the image is read", rows[row].what);
		image_free(&image);
		return;
	}
	describe_exits(&exits, text);
	tap_is_string(text, rows[row].result, "%s: %s%s", rows[row].what, rows[row].result,
		      how == EXITS_SCAN ? ", without a table" : "");
	tap_ok(are_exits_of(&image, &exits), "%s: offsets and bytes", rows[row].what);
	image_free(&image);
}

/* Function @i is a jump to the next one; the last one returns. */
static void test_chain(unsigned int nr, const char *expected)
{
	struct exits_part parts[MLU_EXITS_MAX_RANGES + 1];
	u8 code[16 * (MLU_EXITS_MAX_RANGES + 1)] = {};
	struct mlu_exits exits;
	char text[TEXT_MAX];
	struct image image;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		parts[i] = (struct exits_part){ 16 * i, 16, 0 };
		memcpy(code + 16 * i, (const u8[]){ JMP(0, 16) }, 5);
	}
	code[16 * (nr - 1)] = RET;
	exits_image_make(&image, code, sizeof(code), parts, nr, EXITS_SORTED);
	image_open(&image, 4096);
	mlu_exits_find(&image.elf, ASM_CODE, &work, &exits);
	describe_exits(&exits, text);
	tap_is_string(text, expected, "%u entries: %s", nr, expected);
	image_free(&image);
}

static void test_no_unwind(void)
{
	struct mlu_exits exits;
	char text[TEXT_MAX];
	struct image image;

	exits_image_make(&image, BYTES(RET), NULL, 0, EXITS_NO_UNWIND);
	image_open(&image, 4096);
	mlu_exits_find(&image.elf, ASM_CODE, &work, &exits);
	describe_exits(&exits, text);
	tap_is_string(text, "no_entry 0", "no unwind data");
	image_free(&image);
}

/* Unknown encodings of the numbers and of the base; a length up to the next table. */
static void test_unreadable_handlers(void)
{
	static const struct exits_part part = { 0, EXITS_LOCAL, 1 };
	static const struct {
		u8 at, byte;
	} changes[] = { { 2, 0x1b }, { 2, 0x05 }, { 0, 0x80 }, { 3, 0xff } };
	struct mlu_exits exits;
	struct image image;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		exits_image_make(&image, BYTES(RET, RET), &part, 1, EXITS_SORTED);
		image.bytes[EXITS_HANDLERS + changes[i].at] = changes[i].byte;
		image_open(&image, 4096);
		mlu_exits_find(&image.elf, ASM_CODE, &work, &exits);
		tap_ok(exits.refusal != MLU_EXITS_OK, "unreadable handlers: %s",
		       mlu_refused_exits[exits.refusal].word);
		image_free(&image);
	}
}

/* Each read fails once. */
static void test_errors(void)
{
	static const struct exits_part parts[] = { { 0, 16, 14 }, { EXITS_LOCAL, 1, 0 } };
	static const u8 code[EXITS_LOCAL + 1] = {
		JE(0, EXITS_ENTRY(EXITS_EXPORTED)),
		JMP(6, EXITS_ENTRY(EXITS_IFUNC)), [14] = RET, [EXITS_LOCAL] = RET
	};
	unsigned long at = 0, first, reads;
	struct mlu_exits exits;
	struct image image;
	bool good = true;
	int err;

	exits_image_make(&image, code, sizeof(code), parts, 2, EXITS_SORTED);
	do {
		image.fail_at = 0;
		image.reads = 0;
		image_open(&image, MLU_ELF_MIN_SCRATCH);
		first = image.reads;
		image.fail_at = first + ++at;
		err = mlu_exits_find(&image.elf, ASM_CODE, &work, &exits);
		good &= err == (image.reads >= image.fail_at ? -EIO : 0);
		reads = image.reads - first;
	} while (reads >= at);
	tap_ok(good && at > 5, "an error of each of %lu reads is returned", at - 1);
	image_free(&image);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		test_row(i, EXITS_SORTED);
		test_row(i, EXITS_SCAN);
	}
	test_chain(MLU_EXITS_MAX_RANGES, "240");
	test_chain(MLU_EXITS_MAX_RANGES + 1, "too_large 256");
	test_no_unwind();
	test_unreadable_handlers();
	test_errors();
	return tap_end();
}
