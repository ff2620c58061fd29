// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_build_id: find the build-id of an ELF image, and whether it has a Go runtime, in its notes.
 *
 * Pure, see elf.h. A note is a header, a name and a descriptor, the latter two padded to four
 * bytes, or to eight where the segment or section is so aligned.
 *
 * Context: as the source's read; never a probe handler. No locks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "elf_internal.h"

/* Bytes of notes that are searched; real build-ids are at the very front. */
#define MAX_NOTES (1024 * 1024)
#define NAME_SIZE 4

/* @desc: where to copy the descriptor, or NULL. @budget: how many bytes of notes may be read. */
struct note_search {
	char name[NAME_SIZE];
	u32 type;
	u8 *desc;
	size_t max;
	u64 budget;
};

/* Each step advances by a note's header at least, so the budget bounds the loop. */
static int search_notes(struct mlu_elf *elf, u64 off, u64 len, u64 align,
			struct note_search *search)
{
	char name[NAME_SIZE];
	u64 pos = 0, desc;
	Elf64_Nhdr note;
	int err;

	if (!mlu_elf_in_file(elf, off, len))
		return -ENOEXEC;
	align = align == 8 ? 8 : 4;
	len = min(len, search->budget);
	search->budget -= len;
	for (; pos < len && len - pos >= sizeof(note); pos = ALIGN(desc + note.n_descsz, align)) {
		err = mlu_elf_copy(elf, off + pos, &note, sizeof(note));
		if (err)
			return err;
		desc = ALIGN(pos + sizeof(note) + note.n_namesz, align);
		if (desc > len || note.n_descsz > len - desc)
			return -ENOEXEC;
		if (note.n_type != search->type || note.n_namesz != NAME_SIZE || !note.n_descsz ||
		    mlu_elf_copy(elf, off + pos + sizeof(note), name, NAME_SIZE) ||
		    memcmp(name, search->name, NAME_SIZE))
			continue;
		if (!search->desc)
			return 1;
		if (note.n_descsz > search->max || note.n_descsz > MLU_ELF_MAX_BUILD_ID)
			return -ENOEXEC;
		err = mlu_elf_copy(elf, off + desc, search->desc, note.n_descsz);
		return err ? err : (int)note.n_descsz;
	}
	return 0;
}

/* Segments first, as a section table may be missing. */
static int search_all(struct mlu_elf *elf, struct note_search *search)
{
	Elf64_Phdr phdr;
	Elf64_Shdr shdr;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < elf->phnum && !ret; i++) {
		ret = mlu_elf_segment(elf, i, &phdr);
		if (!ret && phdr.p_type == PT_NOTE)
			ret = search_notes(elf, phdr.p_offset, phdr.p_filesz, phdr.p_align, search);
	}
	for (i = 0; i < elf->shnum && !ret; i++) {
		ret = mlu_elf_section(elf, i, &shdr);
		if (!ret && shdr.sh_type == SHT_NOTE)
			ret = search_notes(elf, shdr.sh_offset, shdr.sh_size, shdr.sh_addralign,
					   search);
	}
	return ret;
}

/**
 * mlu_elf_build_id() - read the build-id, from PT_NOTE segments, else from SHT_NOTE sections
 * @elf: an opened image
 * @id: where to put it
 * @max: the size of @id; MLU_ELF_MAX_BUILD_ID is enough
 *
 * Return: its length in bytes; 0 if it is missing; -ENOEXEC if the notes are malformed or it is
 * longer than @max; or the error of the source.
 */
int mlu_elf_build_id(struct mlu_elf *elf, u8 *id, size_t max)
{
	struct note_search search = {
		.name = "GNU", .type = 3, .desc = id, .max = max, .budget = MAX_NOTES
	};

	return search_all(elf, &search);
}

/**
 * mlu_elf_has_go() - does the image contain a Go runtime
 * @elf: an opened image
 *
 * Go's linker writes a build-id in a note of its own type, see cmd/link/internal/ld/elf.go.
 *
 * Return: 1 if so; 0 if not, or if it was linked with an empty -buildid=; -ENOEXEC if the notes are
 * malformed; or the error of the source.
 */
int mlu_elf_has_go(struct mlu_elf *elf)
{
	struct note_search search = { .name = "Go\0", .type = 4, .budget = MAX_NOTES };

	return search_all(elf, &search);
}
