// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf: parse the headers of an ELF image and its dynamic section.
 *
 * Pure, see elf.h.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"
#include "machine.h"

#define MAX_DYNAMIC 4096

/* Newer kernels' elf.h defines it. */
#ifndef DT_GNU_HASH
#define DT_GNU_HASH 0x6ffffef5
#endif

/* === Headers === */

static int read_header(struct mlu_elf *elf)
{
	/* The first 20 bytes have the same layout in 32- and 64-bit files. */
	struct {
		u8 ident[EI_NIDENT];
		u16 type;
		u16 machine;
	} start;
	Elf64_Ehdr head;
	int err = mlu_elf_copy(elf, 0, &start, sizeof(start));

	if (err)
		return err;
	if (memcmp(start.ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (start.ident[EI_CLASS] != ELFCLASS64 || start.ident[EI_DATA] != ELFDATA2LSB ||
	    start.machine != MLU_ELF_MACHINE)
		return -EOPNOTSUPP;
	if (start.type != ET_EXEC && start.type != ET_DYN)
		return -ENOEXEC;
	err = mlu_elf_copy(elf, 0, &head, sizeof(head));
	if (err)
		return err;
	if (head.e_phentsize != sizeof(Elf64_Phdr) || !head.e_phnum ||
	    head.e_phnum > MLU_ELF_MAX_LOADS)
		return -ENOEXEC;
	elf->phoff = head.e_phoff;
	elf->phnum = head.e_phnum;
	/* A program runs without a section table; ignore one whose entries have another size. */
	if (head.e_shoff && head.e_shentsize == sizeof(Elf64_Shdr)) {
		elf->shoff = head.e_shoff;
		elf->shnum = head.e_shnum;
	}
	return 0;
}

/**
 * mlu_elf_segment() - read a program header
 * @elf: an image, of which the ELF header is read
 * @i: its number
 * @phdr: where to put it
 *
 * Return: 0; -ENOEXEC if the table is not in the file; or the error of the source.
 */
int mlu_elf_segment(struct mlu_elf *elf, unsigned int i, Elf64_Phdr *phdr)
{
	/* i * 56 is small, but phoff can have any value. */
	if (!mlu_elf_in_file(elf, elf->phoff, (u64)elf->phnum * sizeof(*phdr)))
		return -ENOEXEC;
	return mlu_elf_copy(elf, elf->phoff + i * sizeof(*phdr), phdr, sizeof(*phdr));
}

/**
 * mlu_elf_section() - read a section header
 * @elf: an opened image
 * @i: its number
 * @shdr: where to put it
 *
 * Return: 0; -ENOEXEC if there is no such section or the table is not in the file; or the error of
 * the source.
 */
int mlu_elf_section(struct mlu_elf *elf, unsigned int i, Elf64_Shdr *shdr)
{
	if (i >= elf->shnum || !mlu_elf_in_file(elf, elf->shoff, (u64)elf->shnum * sizeof(*shdr)))
		return -ENOEXEC;
	return mlu_elf_copy(elf, elf->shoff + i * sizeof(*shdr), shdr, sizeof(*shdr));
}

static int read_segments(struct mlu_elf *elf)
{
	struct mlu_elf_load *load;
	Elf64_Phdr phdr;
	unsigned int i;
	int err;

	for (i = 0; i < elf->phnum; i++) {
		err = mlu_elf_segment(elf, i, &phdr);
		if (err)
			return err;
		if (phdr.p_type == PT_INTERP)
			elf->interp = true;
		/* If there are several dynamic sections, the last one is used, as in glibc. */
		if (phdr.p_type == PT_DYNAMIC) {
			elf->dynamic.vaddr = phdr.p_vaddr;
			elf->dynamic.size = phdr.p_filesz;
		}
		if (phdr.p_type != PT_LOAD)
			continue;
		if (phdr.p_filesz > phdr.p_memsz || phdr.p_memsz > U64_MAX - phdr.p_vaddr ||
		    !mlu_elf_in_file(elf, phdr.p_offset, phdr.p_filesz))
			return -ENOEXEC;
		if (!phdr.p_filesz)
			continue;
		/* This cannot overflow: there are MLU_ELF_MAX_LOADS, and phnum is at most that. */
		load = &elf->load[elf->nr_loads++];
		load->offset = phdr.p_offset;
		load->vaddr = phdr.p_vaddr;
		load->filesz = phdr.p_filesz;
		load->exec = phdr.p_flags & PF_X;
	}
	return elf->nr_loads ? 0 : -ENOEXEC;
}

/* === The dynamic section === */

/* It has to end with DT_NULL: without one the dynamic linker would read past its end. */
static int read_dynamic(struct mlu_elf *elf)
{
	struct mlu_elf_dynamic *dynamic = &elf->dynamic;
	const struct {
		s64 tag;
		u64 *value;
	} known[] = {
		{ DT_SYMTAB, &dynamic->symtab },     { DT_SYMENT, &dynamic->syment },
		{ DT_STRTAB, &dynamic->strtab },     { DT_STRSZ, &dynamic->strsz },
		{ DT_GNU_HASH, &dynamic->gnu_hash }, { DT_HASH, &dynamic->hash },
		{ DT_VERSYM, &dynamic->versym },     { DT_JMPREL, &dynamic->jmprel },
		{ DT_PLTRELSZ, &dynamic->pltrelsz }, { DT_RELA, &dynamic->rela },
		{ DT_RELASZ, &dynamic->relasz },
	};
	u64 offset, len, i;
	unsigned int n;
	Elf64_Dyn entry;
	int err;

	if (!dynamic->size)
		return 0;
	if (!mlu_elf_extent(elf, dynamic->vaddr, false, &offset, &len) || dynamic->size > len)
		return -ENOEXEC;
	for (i = 0; i < dynamic->size / sizeof(entry) && i < MAX_DYNAMIC; i++) {
		err = mlu_elf_copy(elf, offset + i * sizeof(entry), &entry, sizeof(entry));
		if (err)
			return err;
		if (entry.d_tag == DT_NULL)
			return 0;
		if (entry.d_tag == DT_NEEDED)
			dynamic->needed = true;
		for (n = 0; n < ARRAY_SIZE(known); n++)
			if (entry.d_tag == known[n].tag)
				*known[n].value = entry.d_un.d_val;
	}
	return -ENOEXEC;
}

/**
 * mlu_elf_open() - read the headers of an image
 * @elf: what to fill; refers to @src and @scratch, which must live as long
 * @src: where the bytes come from
 * @scratch: memory for this object's reads
 * @scratch_len: its size, at least MLU_ELF_MIN_SCRATCH
 *
 * Return: 0; -ENOEXEC if it is no ELF program or shared object, or one with malformed headers;
 * -EOPNOTSUPP if it is a 32-bit one or of another machine or byte order; or the error of @src.
 */
int mlu_elf_open(struct mlu_elf *elf, const struct mlu_elf_source *src, void *scratch,
		 size_t scratch_len)
{
	int err;

	if (scratch_len < MLU_ELF_MIN_SCRATCH)
		return -EINVAL;
	memset(elf, 0, sizeof(*elf));
	elf->src = src;
	elf->tables.buf = scratch;
	elf->tables.size = scratch_len / 2;
	elf->strings.buf = elf->tables.buf + elf->tables.size;
	elf->strings.size = elf->tables.size;
	err = read_header(elf);
	if (!err)
		err = read_segments(elf);
	if (!err)
		err = read_dynamic(elf);
	elf->is_static = !elf->interp && !elf->dynamic.needed;
	return err;
}
