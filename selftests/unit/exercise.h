/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exercise: all that the module asks of an ELF image, and what must hold whatever the bytes are.
 * For the fuzzer and for the tests that change bytes without knowing what comes out.
 */
#ifndef MLU_EXERCISE_H
#define MLU_EXERCISE_H

#include "image.h"

/* The allocation functions that the module looks for. */
extern const char *const exercise_names[];
extern const unsigned int exercise_nr_names;

/* Aborts where an answer breaks a promise of elf.h or took too many reads. */
void exercise_elf(struct image *image, size_t scratch_len);

/* Where @code would be probed, or an abort where the place breaks a promise of place.h. */
void exercise_place(const u8 *code, size_t len, bool whole, bool nop_emulated);

/* Rules and steps of unwind data, or an abort where one breaks a promise of cfi.h or frame.h. */
void exercise_cfi(const u8 *section, size_t len);

#endif /* MLU_EXERCISE_H */
