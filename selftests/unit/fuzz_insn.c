// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_insn: libFuzzer's entry point for the instruction decoders, and for the execution of an
 * instruction. The input is code, copied to a block of exactly its size, so that AddressSanitizer
 * sees a read past the end.
 */
#include "exercise.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	u8 *code = malloc(len ? len : 1);

	if (!code)
		abort();
	memcpy(code, data, len);
	exercise_insn(code, len);
	exercise_step(code, len);
	free(code);
	return 0;
}
