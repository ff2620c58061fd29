// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_cfi: libFuzzer's entry point for unwind data. The input is an .eh_frame section, copied to a
 * block of exactly its size, so that AddressSanitizer sees a read past the end.
 */
#include "exercise.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	u8 *section = malloc(len ? len : 1);

	if (!section)
		abort();
	memcpy(section, data, len);
	exercise_cfi(section, len);
	free(section);
	return 0;
}
