// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_elf: libFuzzer's entry point for the ELF reader. The input is an image; exercise.c has the
 * invariants. The size of the scratch buffer depends on the input's length, so that each kind of
 * image is read with a small and with a large one.
 */
#include "exercise.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct image image;

	image_copy(&image, data, len);
	exercise_elf(&image, len & 1 ? 4096 : MLU_ELF_MIN_SCRATCH);
	image_free(&image);
	return 0;
}
