/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the recorder's file, and writing its blocks in the module's format. */
#ifndef MU_TESTS_RECORDER_READ_H
#define MU_TESTS_RECORDER_READ_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blocks.h"
#include "recorder.h"
#include "remote.h"

struct blocks_header {
	char magic[16];
	uint64_t now_ns;
	uint32_t record_size;
	uint32_t target_id;
};

static inline const struct recorder_table *map_recorder(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return NULL;
	map = mmap(NULL, sizeof(struct recorder_table), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static inline void write_recorded_blocks(FILE *file, const struct recorder_table *table)
{
	struct blocks_header header = { .record_size = sizeof(struct mu_block) };

	memcpy(header.magic, "memleak_blocks1\n", sizeof(header.magic));
	header.now_ns = mu_clock_ns();
	fwrite(&header, sizeof(header), 1, file);
	for (size_t i = 0; i < RECORDER_SLOTS; i++) {
		const struct recorder_slot slot = table->slots[i];
		const struct mu_block block = {
			.address = ~slot.inverted,
			.size = slot.size,
			.time_ns = slot.time_ns,
			.stack = slot.stack,
		};

		if (slot.inverted > 1)
			fwrite(&block, sizeof(block), 1, file);
	}
}

#endif
