/* SPDX-License-Identifier: GPL-2.0-only */
/* frame_internal: shared by the files frame*.c: access to registers, and expressions. */
#ifndef MLU_FRAME_INTERNAL_H
#define MLU_FRAME_INTERNAL_H

#include <linux/bits.h>

#include "frame.h"

/* The value of a register, read now if a frame has saved it. */
static inline enum mlu_frame_result mlu_frame_get(const struct mlu_registers *regs,
						  unsigned int reg, const struct mlu_memory *memory,
						  u64 *value)
{
	if (reg >= MLU_CFI_NR_REGS || !(regs->known & BIT(reg)))
		return MLU_FRAME_REGISTER;
	*value = regs->value[reg];
	if (!(regs->saved & BIT(reg)))
		return MLU_FRAME_OK;
	return mlu_memory_read(memory, *value, value) ? MLU_FRAME_OK : MLU_FRAME_FAULT;
}

/* Set a register to a value or, if it is saved, to the address of its value. */
static inline void mlu_frame_set(struct mlu_registers *regs, unsigned int reg, u64 value,
				 bool is_saved)
{
	regs->value[reg] = value;
	regs->known |= BIT(reg);
	if (is_saved)
		regs->saved |= BIT(reg);
	else
		regs->saved &= ~BIT(reg);
}

enum mlu_frame_result mlu_frame_evaluate(const struct mlu_cfi *cfi, s32 pos,
					 const struct mlu_memory *memory,
					 const struct mlu_registers *regs, const u64 *first,
					 u64 *result);

#endif /* MLU_FRAME_INTERNAL_H */
