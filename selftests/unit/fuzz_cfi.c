// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_cfi: libFuzzer's door to the unwind data. Any input is a section, copied to a block of its
 * own size, so that a read behind it is seen.
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
