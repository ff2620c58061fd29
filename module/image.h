/* SPDX-License-Identifier: GPL-2.0-only */
/* The inode of a mapping, open for reading. */
#ifndef MLU_IMAGE_H
#define MLU_IMAGE_H

#include <linux/fs.h>

#include "lib/elf.h"

/* An open file and its parsed headers. */
struct mlu_image {
	struct mlu_elf_source source;
	struct mlu_elf elf;
	struct file *file;
	void *scratch;
};

int mlu_image_open(struct mlu_image *image, struct file *mapped);
void mlu_image_close(struct mlu_image *image);

#endif /* MLU_IMAGE_H */
