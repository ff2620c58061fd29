/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image: an ELF image in memory as a source of bytes, that keeps watch.
 *
 * The bytes lie in a heap block of exactly their size and a read outside of it aborts: a reader
 * that relies on the source to refuse it is wrong. Reads are counted, and can be made to fail.
 */
#ifndef MLU_IMAGE_H
#define MLU_IMAGE_H

#include "elf_internal.h"

struct image {
	struct mlu_elf_source src;
	u8 *bytes;
	size_t len;
	unsigned long reads;
	unsigned long fail_at; /* the number of the read that fails, from 1; 0: none */
	u8 *scratch;
	size_t scratch_len;
	struct mlu_elf elf;
};

/* A copy of @bytes; ends the program when there is no memory. */
void image_copy(struct image *image, const void *bytes, size_t len);

/* All of a file; false if it cannot be read. */
bool image_load(struct image *image, const char *path);

void image_free(struct image *image);

/* mlu_elf_open() with a scratch buffer of this size, in the heap too. */
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
