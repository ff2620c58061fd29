// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_unwind: locate the unwind data of an ELF image.
 *
 * Pure, see elf.h. PT_GNU_EH_FRAME is a small header whose first pointer leads to .eh_frame; it is
 * preferred, as a section table may be missing. The section table adds the size, and without such
 * a header the section is looked up by name. The header's search table is not used: cfi_index.c
 * makes a trustworthy one in two passes.
 *
 * Source: Linux Standard Base Core 5.0, 10.6.2 (.eh_frame_hdr).
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"
#include "machine.h"

/* DW_EH_PE_: format of a pointer, and what it is relative to. */
#define PE_FORMAT 0x0f
#define PE_UDATA4 0x03
#define PE_UDATA8 0x04
#define PE_SDATA4 0x0b
#define PE_SDATA8 0x0c
#define PE_BASE 0xf0
#define PE_ABSOLUTE 0x00
#define PE_PCREL 0x10
#define PE_DATAREL 0x30

struct eh_frame_hdr {
	u8 version;
	u8 pointer_encoding;
	u8 count_encoding;
	u8 table_encoding;
	u8 pointer[8];
} __packed;

/* @addr: address of the header, which "data" refers to. Returns 0 for an unsupported encoding. */
static u64 decode_pointer(const struct eh_frame_hdr *hdr, u64 addr)
{
	u64 value, base = 0;
	u32 low;

	memcpy(&value, hdr->pointer, sizeof(value));
	memcpy(&low, hdr->pointer, sizeof(low));
	switch (hdr->pointer_encoding & PE_FORMAT) {
	case PE_UDATA4:
		value = low;
		break;
	case PE_SDATA4:
		value = (s64)(s32)low;
		break;
	case PE_UDATA8:
	case PE_SDATA8:
		break;
	default:
		return 0;
	}
	switch (hdr->pointer_encoding & PE_BASE) {
	case PE_PCREL:
		base = addr + offsetof(struct eh_frame_hdr, pointer);
		break;
	case PE_DATAREL:
		base = addr;
		break;
	case PE_ABSOLUTE:
		break;
	default:
		return 0;
	}
	return base + value;
}

/* Leaves a size of 0 if there is no such segment. */
static int find_by_segment(struct mlu_elf *elf, struct mlu_elf_unwind *unwind)
{
	struct eh_frame_hdr hdr = {};
	Elf64_Phdr phdr = {};
	unsigned int i;
	int err;

	for (i = 0; i < elf->phnum && phdr.p_type != PT_GNU_EH_FRAME; i++) {
		err = mlu_elf_segment(elf, i, &phdr);
		if (err)
			return err;
	}
	if (phdr.p_type != PT_GNU_EH_FRAME)
		return 0;
	/* A header with a pointer of 4 bytes may end after 8 bytes. */
	err = mlu_elf_copy(elf, phdr.p_offset, &hdr, phdr.p_filesz < sizeof(hdr) ? 8 : sizeof(hdr));
	if (err)
		return err;
	if (hdr.version != 1)
		return -ENOEXEC;
	unwind->vaddr = decode_pointer(&hdr, phdr.p_vaddr);
	if (!mlu_elf_extent(elf, unwind->vaddr, false, &unwind->offset, &unwind->size))
		return -ENOEXEC;
	return 0;
}

static bool is_named_eh_frame(struct mlu_elf *elf, const Elf64_Shdr *names, u32 name)
{
	static const char wanted[] = ".eh_frame";
	const void *bytes;

	if (name > names->sh_size || sizeof(wanted) > names->sh_size - name ||
	    !mlu_elf_in_file(elf, names->sh_offset, names->sh_size))
		return false;
	bytes = mlu_elf_bytes(elf, &elf->strings, names->sh_offset + name, sizeof(wanted));
	return !IS_ERR(bytes) && !memcmp(bytes, wanted, sizeof(wanted));
}

/*
 * Look for the section with the address from the header or, without one, with the name. A section
 * table that cannot be read does not matter.
 */
static void find_by_section(struct mlu_elf *elf, struct mlu_elf_unwind *unwind)
{
	Elf64_Shdr shdr, names = {};
	bool named = !unwind->size;
	Elf64_Ehdr head;
	unsigned int i;

	if (named && (mlu_elf_copy(elf, 0, &head, sizeof(head)) ||
		      mlu_elf_section(elf, head.e_shstrndx, &names)))
		return;
	for (i = 0; i < elf->shnum; i++) {
		if (mlu_elf_section(elf, i, &shdr))
			return;
		if ((shdr.sh_type != SHT_PROGBITS && shdr.sh_type != MLU_ELF_SHT_UNWIND) ||
		    !(shdr.sh_flags & SHF_ALLOC) ||
		    !mlu_elf_in_file(elf, shdr.sh_offset, shdr.sh_size))
			continue;
		if (named ? !is_named_eh_frame(elf, &names, shdr.sh_name) :
			    shdr.sh_addr != unwind->vaddr || shdr.sh_offset != unwind->offset)
			continue;
		unwind->vaddr = shdr.sh_addr;
		unwind->offset = shdr.sh_offset;
		unwind->size = shdr.sh_size;
		return;
	}
}

/**
 * mlu_elf_unwind() - locate the unwind data
 * @elf: an opened image
 * @unwind: what to fill; its size is 0 if there is no unwind data
 *
 * If no section table gives the size, the data extends to the end of its segment: what follows it
 * there is no valid entry, or a length of zero.
 *
 * Return: 0, or the error of the source.
 */
int mlu_elf_unwind(struct mlu_elf *elf, struct mlu_elf_unwind *unwind)
{
	int err;

	memset(unwind, 0, sizeof(*unwind));
	err = find_by_segment(elf, unwind);
	if (err && err != -ENOEXEC)
		return err;
	if (err)
		memset(unwind, 0, sizeof(*unwind));
	find_by_section(elf, unwind);
	return 0;
}
