/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exercise: makes all calls that the module makes on an ELF image, a function's code, instructions
 * or unwind data, and aborts if a result breaks an invariant that must hold for any input bytes.
 *
 * For the fuzzers, and for tests that modify bytes without an expected result.
 */
#ifndef MLU_EXERCISE_H
#define MLU_EXERCISE_H

#include "image.h"

/* The allocation functions that the module looks up. */
extern const char *const exercise_names[];
extern const unsigned int exercise_nr_names;

void exercise_elf(struct image *image, size_t scratch_len);
void exercise_place(const u8 *code, size_t len, bool whole, bool nop_emulated, bool executes);
void exercise_step(const u8 *code, size_t len);
void exercise_insn(const u8 *code, size_t len);
void exercise_exits(struct image *image, u64 vaddr);
void exercise_cfi(const u8 *section, size_t len);

#endif /* MLU_EXERCISE_H */
