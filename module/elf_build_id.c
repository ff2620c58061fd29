// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf_build_id: the build-id of an ELF image, from its notes.
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

/* Bytes of notes that are looked through; real build-ids are at the very front. */
#define MAX_NOTES (1024 * 1024)
#define BUILD_ID_TYPE 3

/* Where it goes, and how many bytes of notes may still be looked through. */
struct note_search {
	u8 *id;
	size_t max;
	u64 budget;
};

static bool is_build_id(struct mlu_elf *elf, const Elf64_Nhdr *note, u64 name)
{
	char gnu[4];

	return note->n_type == BUILD_ID_TYPE && note->n_namesz == sizeof(gnu) && note->n_descsz &&
	       !mlu_elf_copy(elf, name, gnu, sizeof(gnu)) && !memcmp(gnu, "GNU", sizeof(gnu));
}

static int take_build_id(struct mlu_elf *elf, u64 desc, u32 len, const struct note_search *search)
{
	int err;

	if (len > search->max || len > MLU_ELF_MAX_BUILD_ID)
		return -ENOEXEC;
	err = mlu_elf_copy(elf, desc, search->id, len);
	return err ? err : (int)len;
}

/* Each step is a note's header further at least, so the budget bounds the loop. */
static int search_notes(struct mlu_elf *elf, u64 off, u64 len, u64 align,
			struct note_search *search)
{
	u64 pos = 0, desc;
	Elf64_Nhdr note;
	int err;

	if (!mlu_elf_in_file(elf, off, len))
		return -ENOEXEC;
	align = align == 8 ? 8 : 4;
	len = min(len, search->budget);
	search->budget -= len;
	while (pos < len && len - pos >= sizeof(note)) {
		err = mlu_elf_copy(elf, off + pos, &note, sizeof(note));
		if (err)
			return err;
		desc = ALIGN(pos + sizeof(note) + note.n_namesz, align);
		if (desc > len || note.n_descsz > len - desc)
			return -ENOEXEC;
		if (is_build_id(elf, &note, off + pos + sizeof(note)))
			return take_build_id(elf, off + desc, note.n_descsz, search);
		pos = ALIGN(desc + note.n_descsz, align);
	}
	return 0;
}

static int search_segments(struct mlu_elf *elf, struct note_search *search)
{
	Elf64_Phdr phdr;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < elf->phnum && !ret; i++) {
		ret = mlu_elf_segment(elf, i, &phdr);
		if (!ret && phdr.p_type == PT_NOTE)
			ret = search_notes(elf, phdr.p_offset, phdr.p_filesz, phdr.p_align, search);
	}
	return ret;
}

static int search_sections(struct mlu_elf *elf, struct note_search *search)
{
	Elf64_Shdr shdr;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < elf->shnum && !ret; i++) {
		ret = mlu_elf_section(elf, i, &shdr);
		if (!ret && shdr.sh_type == SHT_NOTE)
			ret = search_notes(elf, shdr.sh_offset, shdr.sh_size, shdr.sh_addralign,
					   search);
	}
	return ret;
}

int mlu_elf_build_id(struct mlu_elf *elf, u8 *id, size_t max)
{
	struct note_search search = { .id = id, .max = max, .budget = MAX_NOTES };
	int ret = search_segments(elf, &search);

	return ret ? ret : search_sections(elf, &search);
}
