/* SPDX-License-Identifier: GPL-2.0-only */
/* elf_ask: what the ELF reader is asked of an image that may lie (tiny.h), and what it answers. */
#ifndef ELF_ASK_H
#define ELF_ASK_H

#include "exercise.h"
#include "image.h"
#include "tiny.h"

/* Who has to notice. */
enum ask { OPEN, FIND, BUILD_ID, JUMP };

/* The true image has malloc, free, memalign, cfree and munmap to be found. */
#define ALL 5
/* As a static program it has valloc, which is hidden, too. */
#define ALL_STATIC 6

/* Where the function of @symbol jumps, by its own symbol or not: as mlu_elf_jump(). */
static inline int jump_of(struct image *image, enum tiny_symbol symbol, u64 *target)
{
	u64 value = tiny_value(symbol);

	return mlu_elf_jump(&image->elf, value, image->bytes + value - TINY_BIAS, 16, target);
}

/* 0 or how many were found, or bytes of the build-id; a negative error. */
static inline int answer(struct image *image, enum ask ask)
{
	struct mlu_elf_symbol sym[16];
	u8 id[MLU_ELF_MAX_BUILD_ID];
	u64 target;
	int err = image_open(image, MLU_ELF_MIN_SCRATCH);

	if (err || ask == OPEN)
		return err;
	if (ask == JUMP)
		return jump_of(image, TINY_PVALLOC, &target);
	if (ask == FIND)
		return mlu_elf_find(&image->elf, exercise_names, exercise_nr_names, sym);
	return mlu_elf_build_id(&image->elf, id, sizeof(id));
}

#endif
