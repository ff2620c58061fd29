/* SPDX-License-Identifier: GPL-2.0-only */
/* elf_query: calls the ELF reader on an image (tiny.h) that may be malformed. */
#ifndef ELF_QUERY_H
#define ELF_QUERY_H

#include "exercise.h"
#include "image.h"
#include "tiny.h"

/* The function of the ELF reader whose result is tested. */
enum query { OPEN, FIND, BUILD_ID, JUMP };

/* Functions found in the intact image: malloc, free, memalign, cfree and munmap. */
#define ALL 5
/* As a static program, valloc is found too: it is hidden, but in the symbol table. */
#define ALL_STATIC 6

/* mlu_elf_jump() of the code of @symbol, whether or not the symbol table has its symbol. */
static inline int query_jump(struct image *image, enum tiny_symbol symbol, u64 *target)
{
	u64 value = tiny_value(symbol);

	return mlu_elf_jump(&image->elf, value, image->bytes + value - TINY_BIAS, 16, target);
}

/* 0, the number of functions found or the length of the build-id; else a negative error. */
static inline int query_elf(struct image *image, enum query query)
{
	struct mlu_elf_symbol sym[16];
	u8 id[MLU_ELF_MAX_BUILD_ID];
	u64 target;
	int err = image_open(image, MLU_ELF_MIN_SCRATCH);

	if (err || query == OPEN)
		return err;
	if (query == JUMP)
		return query_jump(image, TINY_PVALLOC, &target);
	if (query == FIND)
		return mlu_elf_find(&image->elf, exercise_names, exercise_nr_names, sym);
	return mlu_elf_build_id(&image->elf, id, sizeof(id));
}

#endif /* ELF_QUERY_H */
