/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image: an ELF image in memory as the byte source of the ELF reader.
 *
 * The bytes are in a heap block of exactly their size, and a read outside of it aborts: the reader
 * has to check its bounds itself. Reads are counted, and one of them can be made to fail.
 */
#ifndef MLU_IMAGE_H
#define MLU_IMAGE_H

#include "elf_internal.h"

/**
 * struct image - an ELF image and its reader
 * @src: the source that the reader reads from; must be the first member
 * @bytes: the image
 * @len: its length
 * @reads: reads so far
 * @fail_at: number of the read that fails, counted from 1; 0: all succeed
 * @scratch: the reader's buffer
 * @scratch_len: its size
 * @elf: the reader
 */
struct image {
	struct mlu_elf_source src;
	u8 *bytes;
	size_t len;
	unsigned long reads;
	unsigned long fail_at;
	u8 *scratch;
	size_t scratch_len;
	struct mlu_elf elf;
};

void image_copy(struct image *image, const void *bytes, size_t len);
bool image_load(struct image *image, const char *path);
void image_free(struct image *image);
int image_open(struct image *image, size_t scratch_len);

/* The address of a file offset; an executable segment takes precedence. */
static inline bool image_vaddr(const struct image *image, u64 offset, u64 *vaddr)
{
	const struct mlu_elf *elf = &image->elf;

	return mlu_elf_vaddr(elf->load, elf->nr_loads, offset, true, vaddr) ||
	       mlu_elf_vaddr(elf->load, elf->nr_loads, offset, false, vaddr);
}

/* The file offset of an address. */
static inline bool image_offset(const struct image *image, u64 vaddr, u64 *offset)
{
	u64 len;

	return mlu_elf_extent(&image->elf, vaddr, false, offset, &len);
}

#endif /* MLU_IMAGE_H */
