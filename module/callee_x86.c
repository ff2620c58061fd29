// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a return address to the function that was called.
 *
 * Read off the instruction that stands before it: a direct call, or one through a slot that the
 * dynamic linker fills in; a direct call may go to an entry of a procedure linkage table (PLT),
 * which is a jump through such a slot.  Any other call, through a register or a structure, tells
 * nothing.  The bytes are the target's, who may have written anything: what comes out is compared,
 * never followed further.
 *
 * Source: System V ABI, AMD64 supplement, 5.2 (dynamic linking); the forms with endbr64 and bnd are
 * those that linkers make of it for processors with CET and MPX.
 *
 * Entered from uprobe handlers, in the target's context; nothing here sleeps, faults or waits.
 */
#include <linux/string.h>
#include <linux/uaccess.h>

#include "callee.h"
#include "umem.h"

#define OPCODE_CALL 0xe8
#define OPCODE_GROUP 0xff
#define MODRM_CALL_SLOT 0x15 /* call *slot(%rip) */
#define MODRM_JUMP_SLOT 0x25 /* jmp *slot(%rip) */
#define PREFIX_BND 0xf2

static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

static bool read_code(unsigned long addr, u8 *code, size_t len)
{
	return !copy_from_user_nofault(code, (const void __user *)addr, len);
}

/* A distance counts from the instruction's end, @next. */
static unsigned long at_distance(unsigned long next, const u8 *bytes)
{
	s32 distance;

	memcpy(&distance, bytes, sizeof(distance));
	return next + distance;
}

/* 0: the slot cannot be read */
static unsigned long through_slot(unsigned long next, const u8 *bytes)
{
	unsigned long value;

	return mlu_umem_read(at_distance(next, bytes), &value) ? value : 0;
}

static unsigned long through_plt(unsigned long entry)
{
	u8 code[sizeof(endbr64) + 1 + 6];
	size_t at = 0;

	if (!read_code(entry, code, sizeof(code)))
		return entry;
	if (!memcmp(code, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	if (code[at] == PREFIX_BND)
		at++;
	if (code[at] != OPCODE_GROUP || code[at + 1] != MODRM_JUMP_SLOT)
		return entry;
	return through_slot(entry + at + 6, code + at + 2);
}

/* mlu_callee() - the function that the call before @ret has called; 0: not known */
unsigned long mlu_callee(unsigned long ret)
{
	u8 code[6];

	if (!read_code(ret - sizeof(code), code, sizeof(code)))
		return 0;
	if (code[0] == OPCODE_GROUP && code[1] == MODRM_CALL_SLOT)
		return through_slot(ret, code + 2);
	if (code[1] == OPCODE_CALL)
		return through_plt(at_distance(ret, code + 2));
	return 0;
}

/* mlu_direct_callee() - where a direct call before @ret goes, a PLT entry perhaps; 0: it is none */
unsigned long mlu_direct_callee(unsigned long ret)
{
	u8 code[5];

	if (!read_code(ret - sizeof(code), code, sizeof(code)) || code[0] != OPCODE_CALL)
		return 0;
	return at_distance(ret, code + 1);
}
