// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_place: the places of breakpoints in handwritten functions.
 *
 * Each row has a function's code and the expected places, best first, on kernels that do not
 * emulate multi-byte nops and on kernels that do; or on kernels that skip an instruction that the
 * handler has executed. A place is an offset from the first byte, followed by "e" if the
 * instruction is emulated, "x" if it is executed, "f" if it is executed and allocates the frame,
 * or "s" if it is single-stepped. Each row is also tried cut after each byte.
 */
#include "exercise.h"
#include "place.h"
#include "tap.h"

#include <stdio.h>
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
	const char *places;
	const char *nop_places;	/* if the kernel emulates multi-byte nops */
} rows[] = {
#define ROW(what, places, ...) { what, BYTES(__VA_ARGS__), places, places }
#define NOP_ROW(what, places, nop_places, ...) { what, BYTES(__VA_ARGS__), places, nop_places }

	/* The first instruction is emulated. */
	ROW("push %rbx", "0e", PUSH_RBX, RET),
	ROW("push %r12", "0e", PUSH_R12, RET),
	ROW("jmp to another function", "0e", 0xe9, 0x00, 0x10, 0x00, 0x00),
	ROW("short jmp", "0e", 0xeb, 0x10, RET),
	ROW("call", "0e", 0xe8, 0x00, 0x10, 0x00, 0x00, RET),
	ROW("jcc", "0e", 0x74, 0x10, RET),
	ROW("near jcc", "0e", JE_NEAR, RET),
	ROW("nop", "0e", 0x90, RET),
	ROW("two-byte nop", "0e", 0x66, 0x90, RET),

	/* The first instruction is not emulated and may not be skipped. */
	ROW("no bytes", "0s"),
	ROW("ret", "0s", RET),
	ROW("sub from the stack pointer", "0s", 0x48, 0x83, 0xec, 0x28, PUSH_RBX),
	ROW("mov to an argument", "0s", 0x48, 0x89, 0xf7, PUSH_RBX),
	ROW("mov to the stack pointer", "0s", 0x48, 0x89, 0xc4, PUSH_RBX),
	ROW("mov to rdx of the return address", "0s", 0x48, 0x8b, 0x14, 0x24, PUSH_RBX),
	ROW("mov to r12", "0s", 0x49, 0x89, 0xfc, PUSH_RBX),
	ROW("mov to memory", "0s", 0x48, 0x89, 0x05, 0, 0, 0, 0, PUSH_RBX),
	ROW("mov to rbx", "0s", 0x48, 0x89, 0xfb, PUSH_RBX),
	ROW("mov of an immediate to an argument", "0s", 0xbf, 0x0b, 0, 0, 0, PUSH_RBX),
	ROW("mov of an immediate to rbx", "0s", 0xbb, 0x0b, 0, 0, 0, PUSH_RBX),
	ROW("mov of a long immediate", "0s", 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, PUSH_RBX),
	ROW("munmap of glibc: mov of an immediate; syscall", "0s", 0xb8, 0x0b, 0, 0, 0, 0x0f, 0x05),
	ROW("add to a variable", "0s", 0x80, 0x05, 0, 0, 0, 0, 1, PUSH_RBX),
	ROW("neg", "0s", 0x48, 0xf7, 0xdf, PUSH_RBX),
	ROW("not", "0s", 0x48, 0xf7, 0xd7, PUSH_RBX),
	ROW("cmp with the memory that an argument points to", "0s", 0x80, 0x3f, 0x00, PUSH_RBX),
	ROW("cmp of 16 bits", "0s", 0x66, 0x81, 0xff, 0x34, 0x12, PUSH_RBX),
	ROW("test of the thread's memory", "0s", 0x64, 0x80, 0x3c, 0x25, 0, 0, 0, 0, 0, RET),
	ROW("pause", "0s", 0xf3, 0x90, PUSH_RBX),
	ROW("xchg %rax,%r8", "0s", 0x49, 0x90, PUSH_RBX),
	ROW("push with REX.W", "0s", 0x48, 0x53, RET),
	ROW("push of an immediate", "0s", 0x6a, 0x01, RET),
	ROW("pop", "0s", 0x5b, RET),
	ROW("jmp with a size prefix", "0s", 0x66, 0xeb, 0x10, RET),
	ROW("indirect jmp", "0s", 0xff, 0xe0),
	ROW("rdsspq, encoded as a hint nop", "0s", 0xf3, 0x48, 0x0f, 0x1e, 0xc8, RET),
	ROW("endbr32", "0s", 0xf3, 0x0f, 0x1e, 0xfb, PUSH_RBX),
	ROW("0f 1f that is no nop", "0s", 0x0f, 0x1f, 0xc8, PUSH_RBX),

	/* A later instruction is emulated or may be single-stepped. */
	ROW("endbr64; push", "4e 0s", ENDBR64, PUSH_RBX, RET),
	ROW("endbr64; push %r12", "4e 0s", ENDBR64, PUSH_R12, RET),
	ROW("free of glibc: test; je", "3e 0s", TEST_RDI, JE_NEAR, RET),
	ROW("endbr64; test; je", "7e 4s 0s", ENDBR64, TEST_RDI, JE_NEAR, RET),
	ROW("memalign of glibc: cmpb; je", "7e 0s", CMPB_RIP, 0x74, 0x10, RET),
	ROW("valloc of glibc: cmpb; push", "7e 0s", CMPB_RIP, PUSH_RBX, RET),
	ROW("mmap of glibc: mov; test; jne", "10e 3s 0s", MOV_ECX_R10D, TEST_R9D, 0x75, 0x10, RET),
	ROW("malloc of an older glibc: mov; push", "7e 0s",
	    0x48, 0x8b, 0x05, 0, 0, 0, 0, PUSH_R12, RET),
	ROW("cmp of two registers; jae", "3e 0s", 0x48, 0x39, 0xf7, 0x73, 0x10, RET),
	ROW("cmp with an 8-bit immediate; ja", "4e 0s", 0x48, 0x83, 0xff, 0x10, 0x77, 0x10, RET),
	ROW("cmp with a 32-bit immediate; ja", "7e 0s",
	    0x48, 0x81, 0xff, 0, 0, 1, 0, 0x77, 0x10, RET),
	ROW("testb with an immediate; je", "4e 0s", 0x40, 0xf6, 0xc7, 0x0f, 0x74, 0x10, RET),
	ROW("mov to r11; push", "3e 0s", 0x49, 0x89, 0xf3, PUSH_RBX, RET),
	ROW("mov to r8, which no handler reads; push", "3e 0s", 0x49, 0x89, 0xf8, PUSH_RBX, RET),
	ROW("mov of an immediate; push", "5e 0s", 0xb8, 0x16, 0, 0, 0, PUSH_RBX, RET),
	ROW("mov of an immediate to r10; push", "6e 0s", 0x41, 0xba, 1, 0, 0, 0, PUSH_RBX, RET),
	ROW("nop; push", "1e 0e", 0x90, PUSH_RBX, RET),
	ROW("two-byte nop; push", "2e 0e", 0x66, 0x90, PUSH_RBX, RET),
	ROW("nop; test; je", "4e 0e 1s", 0x90, TEST_RDI, 0x74, 0x10, RET),
	ROW("more places than fit the result", "1e 2e 3e 4e",
	    0x90, 0x90, 0x90, 0x90, 0x90, PUSH_RBX, RET),
	ROW("reallocarray of glibc: mov; mul", "3s 0s", 0x48, 0x89, 0xf0, 0x48, 0xf7, 0xe2, RET),
	ROW("free of jemalloc: mov; mov of a variable to an argument", "3s 0s",
	    0x48, 0x89, 0xf8, 0x48, 0x8b, 0x15, 0, 0, 0, 0, RET),
	ROW("test; syscall", "0s", TEST_RDI, 0x0f, 0x05, RET),
	ROW("test; rex.W syscall", "0s", TEST_RDI, 0x48, 0x0f, 0x05, RET),
	ROW("test; int3", "0s", TEST_RDI, 0xcc, RET),
	ROW("test; int $0x80", "0s", TEST_RDI, 0xcd, 0x80, RET),
	ROW("test; a prefix", "0s", TEST_RDI, 0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0),
	ROW("test; xbegin", "0s", TEST_RDI, 0xc7, 0xf8, 0x00, 0x10, 0x00, 0x00),
	ROW("test; sub from the stack pointer", "3s 0s", TEST_RDI, 0x48, 0x83, 0xec, 0x18, RET),
	ROW("malloc of a later glibc: push %r12; push", "0e", PUSH_R12, 0x55, PUSH_RBX, RET),
	ROW("16 bytes are skipped", "16e 3s 6s 9s", TEST_RDI, TEST_RDI, TEST_RDI, TEST_RDI, ENDBR64,
	    PUSH_RBX, RET),
	ROW("17 bytes are too many to skip", "3s 6s 0s", TEST_RDI, TEST_RDI, TEST_RDI, ENDBR64,
	    ENDBR64, PUSH_RBX, RET),
	ROW("no emulated instruction follows", "0s", TEST_RDI, RET),
	ROW("the end follows", "0s", TEST_RDI),

	/* Multi-byte nops. */
	NOP_ROW("nop of 3 bytes; push", "3e 0s", "3e 0e", NOP3, PUSH_RBX, RET),
	NOP_ROW("nop of 10 bytes; push", "10e 0s", "10e 0e", NOP10, PUSH_RBX, RET),
	NOP_ROW("nop of 3 bytes; ret", "0s", "0e", NOP3, RET),
	NOP_ROW("endbr64; nop of 3 bytes; ret", "0s", "4e 0s", ENDBR64, NOP3, RET),
	NOP_ROW("nop of 4 bytes", "4e 0s", "4e 0e", 0x0f, 0x1f, 0x40, 0x00, PUSH_RBX),
	NOP_ROW("nop of 5 bytes", "5e 0s", "5e 0e", 0x0f, 0x1f, 0x44, 0x00, 0x00, PUSH_RBX),
	NOP_ROW("nop of 6 bytes", "6e 0s", "6e 0e", 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00, PUSH_RBX),
	NOP_ROW("nop of 7 bytes", "7e 0s", "7e 0e", 0x0f, 0x1f, 0x80, 0, 0, 0, 0, PUSH_RBX),
	NOP_ROW("nop of 8 bytes", "8e 0s", "8e 0e", 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, PUSH_RBX),

	/* A branch leads to a skipped instruction or to the place. */
	ROW("jmp back to the place", "0s", TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xfb),
	ROW("jmp back to the second byte", "0s", TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xf9),
	ROW("jmp back to after the place", "3e 0s", TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xfd),
	ROW("jmp back to the function", "3e 0s", TEST_RDI, 0x74, 0x03, RET, 0xeb, 0xf8),
	ROW("jcc back to the place", "0s", TEST_RDI, JE_NEAR, 0x75, 0xf8),
	ROW("near jcc to the place", "0s", TEST_RDI, 0x74, 0x01, 0x0f, 0x85, 0xf8, 0xff, 0xff,
	    0xff),
	ROW("near jmp to the place", "0s", TEST_RDI, 0x74, 0x01, 0xe9, 0xf9, 0xff, 0xff, 0xff),
	ROW("call of the place", "0s", TEST_RDI, 0x74, 0x01, 0xe8, 0xf9, 0xff, 0xff, 0xff),
	ROW("loop to the place", "0s", TEST_RDI, 0x74, 0x01, 0xe2, 0xfc),
	ROW("jrcxz to the place", "0s", TEST_RDI, 0x74, 0x01, 0xe3, 0xfc),
	ROW("xbegin to the place", "0s", TEST_RDI, 0x74, 0x01, 0xc7, 0xf8, 0xf8, 0xff, 0xff,
	    0xff),
	ROW("the place jumps to itself", "0s", TEST_RDI, 0xeb, 0xfe),
	ROW("an immediate with the bytes of such a jmp", "0s", TEST_RDI, 0x74, 0x01, 0xb8, 0xeb,
	    0xfa, 0, 0),
	ROW("a branch to an emulated first instruction is allowed", "0e", PUSH_RBX, 0xeb,
	    0xfd),
};

/* On kernels that skip an instruction that the handler has executed. */
static const struct {
	const char *what;
	const u8 *code;
	size_t len;
	const char *places;
} executed_rows[] = {
#define EXECUTED_ROW(what, places, ...) { what, BYTES(__VA_ARGS__), places }

	EXECUTED_ROW("push", "0e", PUSH_RBX, RET),
	EXECUTED_ROW("free of glibc: test; je", "3e 0x", TEST_RDI, JE_NEAR, RET),
	EXECUTED_ROW("free of an older glibc: sub; mov", "0f",
		     0x48, 0x83, 0xec, 0x18, 0x48, 0x8b, 0x05, 0, 0, 0, 0, RET),
	EXECUTED_ROW("munmap of glibc: mov; syscall", "0x", 0xb8, 0x0b, 0, 0, 0, 0x0f, 0x05),
	EXECUTED_ROW("reallocarray of glibc: mov; mul", "0x 3s",
		     0x48, 0x89, 0xf0, 0x48, 0xf7, 0xe2, RET),
	EXECUTED_ROW("free of jemalloc: mov; mov of a variable to an argument", "3x 0x",
		     0x48, 0x89, 0xf8, 0x48, 0x8b, 0x15, 0, 0, 0, 0, RET),
	EXECUTED_ROW("posix_memalign of tcmalloc: lea; or", "0x",
		     0x48, 0x8d, 0x46, 0xff, 0x48, 0x83, 0xc8, 0x07, RET),
	EXECUTED_ROW("aligned_alloc of tbbmalloc: mov; sub; mov", "0x 3f",
		     0x48, 0x89, 0xf8, 0x48, 0x83, 0xec, 0x08, 0x48, 0x89, 0xf7, RET),
	EXECUTED_ROW("malloc of tbbmalloc: endbr64; sub; call", "0x 4f",
		     ENDBR64, 0x48, 0x83, 0xec, 0x08, 0xe8, 0, 0x10, 0, 0, RET),
	EXECUTED_ROW("free of liblsan: endbr64; sub; lea; cmpb", "0x 4f",
		     ENDBR64, 0x48, 0x83, 0xec, 0x18, 0x48, 0x8d, 0x05, 0, 0, 0, 0, RET),
	EXECUTED_ROW("rallocx of jemalloc: xor; jmp", "0x", 0x31, 0xc9, 0xe9, 0, 0x10, 0, 0),
	EXECUTED_ROW("endbr64; push, which a branch leads to", "0x",
		     ENDBR64, PUSH_RBX, RET, 0xeb, 0xfc),
	EXECUTED_ROW("nop of 3 bytes; push", "3e 0x", NOP3, PUSH_RBX, RET),
	EXECUTED_ROW("test; a load by index", "3x 0x", TEST_RDI, 0x48, 0x8b, 0x04, 0xc7, RET),
	EXECUTED_ROW("mov to memory", "0s", 0x48, 0x89, 0x05, 0, 0, 0, 0, PUSH_RBX),
	EXECUTED_ROW("mov to the stack pointer", "0s", 0x48, 0x89, 0xc4, PUSH_RBX),
	EXECUTED_ROW("ret", "0s", RET),
	EXECUTED_ROW("syscall", "0s", 0x0f, 0x05, RET),
	EXECUTED_ROW("no bytes", "0s"),
};

/* clang-format on */

#define TEXT_MAX 64

static void write_places(const struct mlu_places *places, char *text)
{
	static const char letters[] = {
		[MLU_PLACE_EMULATED] = 'e',
		[MLU_PLACE_EXECUTED] = 'x',
		[MLU_PLACE_FRAME] = 'f',
		[MLU_PLACE_STEPPED] = 's',
	};
	unsigned int i;

	for (i = 0; i < places->nr; i++)
		text += sprintf(text, "%s%u%c", i ? " " : "", places->place[i].offset,
				letters[places->place[i].kind]);
}

static void places_of(unsigned int row, bool whole, bool nops, char *text)
{
	struct mlu_places places;

	mlu_places_find(rows[row].code, rows[row].len, whole, nops, false, &places);
	write_places(&places, text);
}

/* Each length, to see that the decoder does not read past the end. */
static void test_every_length(const u8 *code, size_t len)
{
	size_t cut;
	u8 *copy;
	int flags;

	for (cut = 0; cut <= len; cut++) {
		copy = malloc(cut ? cut : 1);
		if (cut)
			memcpy(copy, code, cut);
		for (flags = 0; flags < 8; flags++)
			exercise_place(copy, cut, flags & 1, flags & 2, flags & 4);
		exercise_step(copy, cut);
		free(copy);
	}
}

/* In a part of a function, only the first instruction is certain to run once for each call. */
static bool is_first_alone(const char *part, const char *places)
{
	const char *first = strchr(places, '0');

	while (first && first != places && first[-1] != ' ')
		first = strchr(first + 1, '0');
	return first ? !strcmp(part, first[1] == 'e' ? "0e" : "0s") : part[0] == '0';
}

static void test_row(unsigned int i)
{
	char places[TEXT_MAX], nop_places[TEXT_MAX], part[TEXT_MAX];

	places_of(i, true, false, places);
	places_of(i, true, true, nop_places);
	places_of(i, false, false, part);
	tap_is_string(places, rows[i].places, "%s: %s", rows[i].what, rows[i].places);
	tap_is_string(nop_places, rows[i].nop_places, "%s, multi-byte nops emulated: %s",
		      rows[i].what, rows[i].nop_places);
	tap_ok(is_first_alone(part, places), "%s, a part of the function: the first instruction",
	       rows[i].what);
	test_every_length(rows[i].code, rows[i].len);
}

static void test_executed_row(unsigned int i)
{
	struct mlu_places places;
	char text[TEXT_MAX];

	mlu_places_find(executed_rows[i].code, executed_rows[i].len, true, false, true, &places);
	write_places(&places, text);
	tap_is_string(text, executed_rows[i].places, "%s, executed by the handler: %s",
		      executed_rows[i].what, executed_rows[i].places);
	test_every_length(executed_rows[i].code, executed_rows[i].len);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(i);
	for (i = 0; i < ARRAY_SIZE(executed_rows); i++)
		test_executed_row(i);
	return tap_end();
}
