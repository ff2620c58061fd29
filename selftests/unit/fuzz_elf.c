// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_elf: libFuzzer's door to the ELF reader. Any input is an image; exercise.c knows what must
 * hold. The size of the scratch buffer is taken from the input's length, so that both a
 * narrow and a wide one meet every kind of image.
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
