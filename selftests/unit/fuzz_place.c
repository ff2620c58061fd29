// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_place: libFuzzer's entry point for the placement of breakpoints. The first byte of the input
 * has the flags of the call, the others are a function's code. They are copied to a block of
 * exactly their size, so that AddressSanitizer sees a read past the end.
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
	exercise_place(code, len - 1, data[0] & 1, data[0] & 2, data[0] & 4);
	free(code);
	return 0;
}
