// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf: the headers of an ELF image and its addresses.
 *
 * Pure, see elf.h for the contract. What an image says is copied out of the scratch buffer before
 * it is judged and used; arithmetic is on u64 and in the order "is a <= size, is b <= size - a".
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#else
#error "elf: name this architecture's e_machine"
#endif

#define MAX_DYNAMIC 4096

/* The GNU hash table, which younger kernels' elf.h knows too. */
#ifndef DT_GNU_HASH
#define DT_GNU_HASH 0x6ffffef5
#endif

/* === Bytes === */

bool mlu_elf_in_file(const struct mlu_elf *elf, u64 off, u64 len)
{
	return off <= elf->src->size && len <= elf->src->size - off;
}

static bool in_window(const struct mlu_elf_window *win, u64 off, size_t len)
{
	return off >= win->offset && off - win->offset <= win->len &&
	       len <= win->len - (off - win->offset);
}

static int fill_window(struct mlu_elf *elf, struct mlu_elf_window *win, u64 off)
{
	size_t len = min_t(u64, win->size, elf->src->size - off);
	int err;

	win->len = 0;
	err = elf->src->read(elf->src, off, win->buf, len);
	if (err)
		return err;
	win->offset = off;
	win->len = len;
	return 0;
}

const void *mlu_elf_bytes(struct mlu_elf *elf, struct mlu_elf_window *win, u64 off, size_t len)
{
	int err;

	if (!mlu_elf_in_file(elf, off, len) || len > win->size)
		return ERR_PTR(-ENOEXEC);
	if (!in_window(win, off, len)) {
		err = fill_window(elf, win, off);
		if (err)
			return ERR_PTR(err);
	}
	return win->buf + (off - win->offset);
}

int mlu_elf_copy(struct mlu_elf *elf, u64 off, void *to, size_t len)
{
	const void *bytes = mlu_elf_bytes(elf, &elf->tables, off, len);

	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	memcpy(to, bytes, len);
	return 0;
}

/* === Addresses === */

static const struct mlu_elf_load *load_at_offset(const struct mlu_elf *elf, u64 offset, bool exec)
{
	const struct mlu_elf_load *load;
	unsigned int i;

	for (i = 0; i < elf->nr_loads; i++) {
		load = &elf->load[i];
		if (load->exec == exec && offset >= load->offset &&
		    offset - load->offset < load->filesz)
			return load;
	}
	return NULL;
}

bool mlu_elf_vaddr(const struct mlu_elf *elf, u64 offset, u64 *vaddr)
{
	const struct mlu_elf_load *load = load_at_offset(elf, offset, true);

	if (!load)
		load = load_at_offset(elf, offset, false);
	if (!load)
		return false;
	*vaddr = load->vaddr + (offset - load->offset);
	return true;
}

static bool extent_in(const struct mlu_elf_load *load, u64 vaddr, u64 *offset, u64 *len)
{
	if (vaddr < load->vaddr || vaddr - load->vaddr >= load->filesz)
		return false;
	*offset = load->offset + (vaddr - load->vaddr);
	*len = load->filesz - (vaddr - load->vaddr);
	return true;
}

bool mlu_elf_extent(const struct mlu_elf *elf, u64 vaddr, bool exec, u64 *offset, u64 *len)
{
	unsigned int i;

	for (i = 0; i < elf->nr_loads; i++) {
		if (exec && !elf->load[i].exec)
			continue;
		if (extent_in(&elf->load[i], vaddr, offset, len))
			return true;
	}
	return false;
}

bool mlu_elf_offset(const struct mlu_elf *elf, u64 vaddr, u64 *offset)
{
	u64 len;

	return mlu_elf_extent(elf, vaddr, false, offset, &len);
}

/* === Headers === */

/* The first 20 bytes are laid out alike in 32- and 64-bit files. */
static int check_ident(struct mlu_elf *elf)
{
	struct {
		u8 ident[EI_NIDENT];
		u16 type;
		u16 machine;
	} head;
	int err = mlu_elf_copy(elf, 0, &head, sizeof(head));

	if (err)
		return err;
	if (memcmp(head.ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (head.ident[EI_CLASS] != ELFCLASS64 || head.ident[EI_DATA] != ELFDATA2LSB)
		return -EOPNOTSUPP;
	if (head.machine != MACHINE)
		return -EOPNOTSUPP;
	if (head.type != ET_EXEC && head.type != ET_DYN)
		return -ENOEXEC;
	elf->type = head.type;
	return 0;
}

static int read_header(struct mlu_elf *elf)
{
	Elf64_Ehdr head;
	int err = check_ident(elf);

	if (!err)
		err = mlu_elf_copy(elf, 0, &head, sizeof(head));
	if (err)
		return err;
	if (head.e_phentsize != sizeof(Elf64_Phdr) || !head.e_phnum ||
	    head.e_phnum > MLU_ELF_MAX_LOADS)
		return -ENOEXEC;
	elf->phoff = head.e_phoff;
	elf->phnum = head.e_phnum;
	/* A section table is not needed to run; one of strange entries is none. */
	if (head.e_shoff && head.e_shentsize == sizeof(Elf64_Shdr)) {
		elf->shoff = head.e_shoff;
		elf->shnum = head.e_shnum;
	}
	return 0;
}

int mlu_elf_segment(struct mlu_elf *elf, unsigned int i, Elf64_Phdr *phdr)
{
	/* i * 56 is small, but phoff may be anything. */
	if (!mlu_elf_in_file(elf, elf->phoff, (u64)elf->phnum * sizeof(*phdr)))
		return -ENOEXEC;
	return mlu_elf_copy(elf, elf->phoff + i * sizeof(*phdr), phdr, sizeof(*phdr));
}

int mlu_elf_section(struct mlu_elf *elf, unsigned int i, Elf64_Shdr *shdr)
{
	if (i >= elf->shnum || !mlu_elf_in_file(elf, elf->shoff, (u64)elf->shnum * sizeof(*shdr)))
		return -ENOEXEC;
	return mlu_elf_copy(elf, elf->shoff + i * sizeof(*shdr), shdr, sizeof(*shdr));
}

/* The array has room: it is as large as the largest number of program headers. */
static int add_load(struct mlu_elf *elf, const Elf64_Phdr *phdr)
{
	struct mlu_elf_load *load = &elf->load[elf->nr_loads];

	if (phdr->p_filesz > phdr->p_memsz || phdr->p_memsz > U64_MAX - phdr->p_vaddr ||
	    !mlu_elf_in_file(elf, phdr->p_offset, phdr->p_filesz))
		return -ENOEXEC;
	if (!phdr->p_filesz)
		return 0;
	load->offset = phdr->p_offset;
	load->vaddr = phdr->p_vaddr;
	load->filesz = phdr->p_filesz;
	load->exec = phdr->p_flags & PF_X;
	elf->nr_loads++;
	return 0;
}

/* Of several dynamic sections the last counts, as for glibc. */
static int add_segment(struct mlu_elf *elf, const Elf64_Phdr *phdr)
{
	switch (phdr->p_type) {
	case PT_LOAD:
		return add_load(elf, phdr);
	case PT_INTERP:
		elf->interp = true;
		return 0;
	case PT_DYNAMIC:
		elf->dynamic.vaddr = phdr->p_vaddr;
		elf->dynamic.size = phdr->p_filesz;
		return 0;
	}
	return 0;
}

static int read_segments(struct mlu_elf *elf)
{
	Elf64_Phdr phdr;
	unsigned int i;
	int err;

	for (i = 0; i < elf->phnum; i++) {
		err = mlu_elf_segment(elf, i, &phdr);
		if (!err)
			err = add_segment(elf, &phdr);
		if (err)
			return err;
	}
	return elf->nr_loads ? 0 : -ENOEXEC;
}

/* === The dynamic section === */

static void take_dynamic(struct mlu_elf_dynamic *dynamic, const Elf64_Dyn *entry)
{
	switch (entry->d_tag) {
	case DT_NEEDED:
		dynamic->needed = true;
		break;
	case DT_SYMTAB:
		dynamic->symtab = entry->d_un.d_val;
		break;
	case DT_SYMENT:
		dynamic->syment = entry->d_un.d_val;
		break;
	case DT_STRTAB:
		dynamic->strtab = entry->d_un.d_val;
		break;
	case DT_STRSZ:
		dynamic->strsz = entry->d_un.d_val;
		break;
	case DT_GNU_HASH:
		dynamic->gnu_hash = entry->d_un.d_val;
		break;
	case DT_HASH:
		dynamic->hash = entry->d_un.d_val;
		break;
	case DT_VERSYM:
		dynamic->versym = entry->d_un.d_val;
		break;
	case DT_JMPREL:
		dynamic->jmprel = entry->d_un.d_val;
		break;
	case DT_PLTRELSZ:
		dynamic->pltrelsz = entry->d_un.d_val;
		break;
	case DT_RELA:
		dynamic->rela = entry->d_un.d_val;
		break;
	case DT_RELASZ:
		dynamic->relasz = entry->d_un.d_val;
		break;
	}
}

/* It ends with DT_NULL; without one the loader would run out of it. */
static int read_dynamic(struct mlu_elf *elf)
{
	struct mlu_elf_dynamic *dynamic = &elf->dynamic;
	u64 offset, len, i;
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
		take_dynamic(dynamic, &entry);
	}
	return -ENOEXEC;
}

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
