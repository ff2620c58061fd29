/* SPDX-License-Identifier: GPL-2.0-only */
/* elf_ask: what the ELF reader is asked of an image that may lie (tiny.h), and what it answers. */
#ifndef ELF_ASK_H
#define ELF_ASK_H

#include "exercise.h"
#include "image.h"

/* Who has to notice. */
enum ask { OPEN, FIND, BUILD_ID };

/* The true image has malloc, free, memalign, cfree and munmap to be found. */
#define ALL 5
/* As a static program it has valloc, which is hidden, too. */
#define ALL_STATIC 6

/* 0 or how many were found, or bytes of the build-id; a negative error. */
static inline int answer(struct image *image, enum ask ask)
{
	struct mlu_elf_symbol sym[16];
	u8 id[MLU_ELF_MAX_BUILD_ID];
	int err = image_open(image, MLU_ELF_MIN_SCRATCH);

	if (err || ask == OPEN)
		return err;
	if (ask == FIND)
		return mlu_elf_find(&image->elf, exercise_names, exercise_nr_names, sym);
	return mlu_elf_build_id(&image->elf, id, sizeof(id));
}

#endif
