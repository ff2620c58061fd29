/* SPDX-License-Identifier: GPL-2.0-only */
/* frame_internal: what the files of the frame room share with each other and with nobody else. */
#ifndef MLU_FRAME_INTERNAL_H
#define MLU_FRAME_INTERNAL_H

#include "frame.h"

/* The value of a register, read now if a frame has saved it. */
enum mlu_frame_result mlu_frame_get(const struct mlu_registers *regs, unsigned int reg,
				    const struct mlu_memory *memory, u64 *value);

/*
 * What an expression comes to.
 * @pos: where its length stands in the section
 * @first: pushed before it begins, or NULL
 */
enum mlu_frame_result mlu_frame_evaluate(const struct mlu_cfi *cfi, s32 pos,
					 const struct mlu_memory *memory,
					 const struct mlu_registers *regs, const u64 *first,
					 u64 *result);

#endif /* MLU_FRAME_INTERNAL_H */
