// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_jump_x86: compute the target of a branch from the file alone.
 *
 * A direct branch has its target in the instruction. The target of a branch through a slot of the
 * global offset table, directly or through the procedure linkage table, is the symbol that the
 * slot's relocation names. If this object defines the symbol, that definition is the result. At run
 * time the dynamic linker may prefer another object's definition of the same name.
 *
 * Source: System V ABI, AMD64 supplement, 4.4 (relocation) and 5.2 (dynamic linking); linkers emit
 * the forms with endbr64 and bnd for processors with CET and MPX.
 *
 * Pure, see elf.h; elf_slot_x86.c looks up slots.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

#define OPCODE_CALL 0xe8
#define OPCODE_JUMP 0xe9
#define OPCODE_SHORT_JUMP 0xeb
#define OPCODE_GROUP 0xff
#define MODRM_CALL_SLOT 0x15 /* call *slot(%rip) */
#define MODRM_JUMP_SLOT 0x25 /* jmp *slot(%rip) */
#define PREFIX_BND 0xf2
#define REX_W 0x48
#define REX_R 0x04
#define OPCODE_MOVE 0x89
#define MODRM_REGISTERS 0xc0
#define MODRM_RM 7
#define REG_RCX 1
#define REG_RDX 2
#define REG_RSI 6

static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

/* A distance is relative to @next, the end of the instruction. */
static u64 add_distance(u64 next, const u8 *bytes)
{
	s32 distance;

	memcpy(&distance, bytes, sizeof(distance));
	return next + distance;
}

/* Length of an endbr64 at @code, 0 if it is something else. */
static size_t landing_length(const u8 *code, size_t len)
{
	if (len < sizeof(endbr64) || memcmp(code, endbr64, sizeof(endbr64)))
		return 0;
	return sizeof(endbr64);
}

/* === Branches === */

/* False if the instruction at @vaddr is no branch through a slot. */
static bool decode_slot(u64 vaddr, const u8 *code, size_t len, u64 *slot)
{
	size_t prefix = len && code[0] == PREFIX_BND;

	code += prefix;
	len -= prefix;
	if (len < 6 || code[0] != OPCODE_GROUP ||
	    (code[1] != MODRM_CALL_SLOT && code[1] != MODRM_JUMP_SLOT))
		return false;
	*slot = add_distance(vaddr + prefix + 6, code + 2);
	return true;
}

/* The function of this object that has the slot's name, else 0. */
static int look_up_slot(struct mlu_elf *elf, u64 slot, u64 *target)
{
	struct mlu_elf_slot filled;
	int ret = mlu_elf_slot(elf, slot, &filled);

	*target = filled.function;
	return ret < 0 ? ret : 1;
}

/**
 * mlu_elf_branch() - compute the target of a direct branch, or of one through a slot
 * @elf: an opened image
 * @vaddr: the instruction's address in the ELF file
 * @code: its bytes
 * @len: how many bytes there are, including those of later instructions
 * @target: the target's address in the ELF file, 0 if that is in another object
 *
 * The target of a branch through a slot, or to an entry of the procedure linkage table, is the
 * function of this object that has the slot's name; another object's may be called at run time.
 *
 * Return: 1; 0 if it is no such branch; or the error of the source.
 */
int mlu_elf_branch(struct mlu_elf *elf, u64 vaddr, const u8 *code, size_t len, u64 *target)
{
	u8 entry[sizeof(endbr64) + 1 + 6];
	u64 offset, extent, slot;
	size_t landing;
	int err;

	if (decode_slot(vaddr, code, len, &slot))
		return look_up_slot(elf, slot, target);
	if (len >= 5 && (code[0] == OPCODE_CALL || code[0] == OPCODE_JUMP))
		*target = add_distance(vaddr + 5, code + 1);
	else if (len >= 2 && code[0] == OPCODE_SHORT_JUMP)
		*target = vaddr + 2 + (s8)code[1];
	else
		return 0;
	/* The target may be an entry of the procedure linkage table: follow it. */
	if (!mlu_elf_extent(elf, *target, true, &offset, &extent))
		return 0;
	len = min_t(u64, extent, sizeof(entry));
	err = mlu_elf_copy(elf, offset, entry, len);
	if (err)
		return err == -ENOEXEC ? 0 : err;
	landing = landing_length(entry, len);
	if (!decode_slot(*target + landing, entry + landing, len - landing, &slot))
		return 1;
	return look_up_slot(elf, slot, target);
}

/**
 * mlu_elf_jump() - compute the target of a function that only jumps, with the same first argument
 * @elf: an opened image
 * @vaddr: the function's address in the ELF file
 * @code: its first bytes
 * @len: how many
 * @target: as for mlu_elf_branch()
 *
 * One move to the register of a later argument may precede the jump.
 *
 * Return: 1; 0 if it does something else first, as with a call; or the error of the source.
 */
int mlu_elf_jump(struct mlu_elf *elf, u64 vaddr, const u8 *code, size_t len, u64 *target)
{
	size_t landing = landing_length(code, len);
	u8 to;

	vaddr += landing;
	code += landing;
	len -= landing;
	if (len >= 3 && (code[0] & ~REX_R) == REX_W && code[1] == OPCODE_MOVE &&
	    code[2] >= MODRM_REGISTERS) {
		/* rsi, rdx or rcx, the second to fourth arguments */
		to = code[2] & MODRM_RM;
		if (to != REG_RCX && to != REG_RDX && to != REG_RSI)
			return 0;
		vaddr += 3;
		code += 3;
		len -= 3;
	}
	if (len >= 2 &&
	    (code[0] == OPCODE_CALL || (code[0] == OPCODE_GROUP && code[1] == MODRM_CALL_SLOT)))
		return 0;
	return mlu_elf_branch(elf, vaddr, code, len, target);
}
