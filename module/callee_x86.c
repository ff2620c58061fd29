// SPDX-License-Identifier: GPL-2.0-only
/*
 * callee_x86: find the function that was called, from a return address.
 *
 * The instruction before the return address is decoded: a direct call, or one through a slot that
 * the dynamic linker fills in. The target of a direct call may be an entry of a procedure linkage
 * table (PLT), which jumps through such a slot. For any other call, through a register or a
 * structure, the function is unknown. The bytes are the target's and may have any value: the result
 * is only compared, never followed further.
 *
 * Source: System V ABI, AMD64 supplement, 5.2 (dynamic linking); linkers emit the forms with
 * endbr64 and bnd for processors with CET and MPX.
 *
 * Context: Called from uprobe handlers in task context, for current; does not sleep, fault or wait.
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
#define JUMP_SLOT_LENGTH 6

static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

static bool read_code(unsigned long addr, u8 *code, size_t len)
{
	return !copy_from_user_nofault(code, (const void __user *)addr, len);
}

/* A distance is relative to @next, the end of the instruction. */
static unsigned long add_distance(unsigned long next, const u8 *bytes)
{
	s32 distance;

	memcpy(&distance, bytes, sizeof(distance));
	return next + distance;
}

/* The address in a slot, 0 if it cannot be read. */
static unsigned long read_slot(unsigned long next, const u8 *bytes)
{
	unsigned long value;

	return mlu_umem_read(add_distance(next, bytes), &value) ? value : 0;
}

static unsigned long follow_plt(unsigned long entry)
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
	return read_slot(entry + at + 6, code + at + 2);
}

/**
 * mlu_jump_target() - get the target of a jump under a breakpoint
 * @pc: the address of the jump, whose first byte is the breakpoint's
 * @len: its length: that of a direct jump or of one through a slot
 *
 * Return: the target, 0 if it is unknown.
 */
unsigned long mlu_jump_target(unsigned long pc, size_t len)
{
	u8 distance[4];

	if (len <= sizeof(distance) ||
	    !read_code(pc + len - sizeof(distance), distance, sizeof(distance)))
		return 0;
	return len == JUMP_SLOT_LENGTH ? read_slot(pc + len, distance) :
					 follow_plt(add_distance(pc + len, distance));
}

/**
 * mlu_callee() - find the function that was called
 * @ret: the return address of the call
 *
 * Return: the address of the function, 0 if it is unknown.
 */
unsigned long mlu_callee(unsigned long ret)
{
	u8 code[6];

	if (!read_code(ret - sizeof(code), code, sizeof(code)))
		return 0;
	if (code[0] == OPCODE_GROUP && code[1] == MODRM_CALL_SLOT)
		return read_slot(ret, code + 2);
	if (code[1] == OPCODE_CALL)
		return follow_plt(add_distance(ret, code + 2));
	return 0;
}

/**
 * mlu_direct_callee() - get the target of a direct call
 * @ret: the return address of the call
 *
 * Return: the target, which may be an entry of a PLT; 0 if the call is not a direct one.
 */
unsigned long mlu_direct_callee(unsigned long ret)
{
	u8 code[5];

	if (!read_code(ret - sizeof(code), code, sizeof(code)) || code[0] != OPCODE_CALL)
		return 0;
	return add_distance(ret, code + 1);
}
