// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_place: libFuzzer's door to the placement of breakpoints. The first byte says how to ask, the
 * others are a function. They are copied to a block of their own size, so that a read behind
 * them is seen.
 */
#include "exercise.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	u8 *code;

	if (!len)
		return 0;
	code = malloc(len > 1 ? len - 1 : 1);
	if (!code)
		abort();
	memcpy(code, data + 1, len - 1);
	exercise_place(code, len - 1, data[0] & 1, data[0] & 2);
	free(code);
	return 0;
}
