/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF images: the inode of a mapping, opened for reading. */
#ifndef MLU_IMAGE_H
#define MLU_IMAGE_H

#include <linux/fs.h>

#include "lib/elf.h"

/**
 * struct mlu_image - an open ELF file and its parsed headers
 * @source: reads from @file
 * @elf: the parsed headers
 * @file: the file, with a reference
 * @scratch: a page for @elf
 */
struct mlu_image {
	struct mlu_elf_source source;
	struct mlu_elf elf;
	struct file *file;
	void *scratch;
};

int mlu_image_open(struct mlu_image *image, struct file *mapped);
void mlu_image_close(struct mlu_image *image);

#endif /* MLU_IMAGE_H */
