// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz perf maps: the input is the text of one, and also a list of functions, whose names are
 * compared with those of a search through all of them.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_raw(const uint8_t *data, size_t size)
{
	char *text = mu_zalloc(size);
	struct mu_perf_map *map;
	uint64_t offset;

	memcpy(text, data, size);
	map = mu_perf_map_new(text, size);
	for (uint64_t i = 0; i < 64; i++)
		free(mu_perf_map_name(map, i ? (uint64_t)1 << i : 0, &offset));
	mu_perf_map_free(map);
}

/* Two bytes are a function in a space of 512 addresses. Its name is its index. */
static void compare_functions(const uint8_t *data, size_t nr)
{
	char *text = mu_zalloc(nr * 32 + 1);
	struct mu_perf_map *map;
	size_t len = 0;

	for (size_t i = 0; i < nr; i++)
		len += sprintf(text + len, "%x %x %zu\n", data[2 * i], data[2 * i + 1] + 1, i);
	map = mu_perf_map_new(text, len);
	for (uint64_t address = 0; address < 512; address++) {
		uint64_t offset;
		char *name = mu_perf_map_name(map, address, &offset);
		size_t i = nr;

		while (i && (address < data[2 * i - 2] ||
			     address > (uint64_t)data[2 * i - 2] + data[2 * i - 1]))
			i--;
		if (!name != !i || (name && (strtoul(name, NULL, 10) != i - 1 ||
					     offset != address - data[2 * i - 2])))
			abort();
		free(name);
	}
	mu_perf_map_free(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_raw(data, size);
	compare_functions(data, size / 2);
	return 0;
}
