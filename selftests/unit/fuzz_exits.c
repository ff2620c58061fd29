// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_exits: libFuzzer's entry point for the search for a function's exits.
 *
 * The input: a byte of flags, the number of unwind entries, for each of them its start, length and
 * exception handler, of two bytes each, and code. Flags: how the entries are found; the size of the
 * scratch buffer.
 */
#include "exercise.h"
#include "exits_image.h"

#include <stdint.h>
#include <string.h>

#define MAX_PARTS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct exits_part parts[MAX_PARTS];
	struct image image;
	unsigned int nr;

	if (len < 2)
		return 0;
	nr = data[1] % MAX_PARTS;
	if (len - 2 < nr * sizeof(*parts))
		return 0;
	memcpy(parts, data + 2, nr * sizeof(*parts));
	exits_image_make(&image, data + 2 + nr * sizeof(*parts), len - 2 - nr * sizeof(*parts),
			 parts, nr, data[0] & 1 ? EXITS_SCAN : EXITS_SORTED);
	if (image_open(&image, data[0] & 2 ? 4096 : MLU_ELF_MIN_SCRATCH))
		__builtin_trap();
	exercise_exits(&image, ASM_CODE);
	image_free(&image);
	return 0;
}
