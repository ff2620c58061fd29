/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_BLOCKS_H
#define MU_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MU_BLOCK_KIND 3U  /* mask of the kind in the flags; 0: of the heap */
#define MU_BLOCK_TAKEN 4U /* a realloc or mremap of it is in flight */

/**
 * struct mu_block - a record of the blocks file, in its layout
 * @address: its address
 * @size: its size in bytes
 * @time_ns: when it was allocated; together with @address it identifies the block
 * @stack: id of the stack that made it
 * @flags: MU_BLOCK_KIND and MU_BLOCK_TAKEN
 */
struct mu_block {
	uint64_t address;
	uint64_t size;
	uint64_t time_ns;
	uint32_t stack;
	uint32_t flags;
};

/**
 * struct mu_blocks_header - what precedes the records of a target
 * @magic: marks it
 * @now_ns: the time of the reading, by the clock of a record's time
 * @record_size: size of a record
 * @target_id: id of the target
 */
struct mu_blocks_header {
	char magic[16];
	uint64_t now_ns;
	uint32_t record_size;
	uint32_t target_id;
};

/**
 * union mu_blocks_unit - what the file consists of
 * @header: the header of a target
 * @block: a record
 */
union mu_blocks_unit {
	struct mu_blocks_header header;
	struct mu_block block;
};

/**
 * struct mu_blocks - the records of a target at one time
 * @now_ns: the time, by the clock of @time_ns
 * @at: the records
 * @nr: number of @at
 */
struct mu_blocks {
	uint64_t now_ns;
	struct mu_block *at;
	size_t nr;
};

bool mu_blocks_is_header(const struct mu_blocks_header *header);
struct mu_blocks *mu_blocks_read(FILE *in);
void mu_blocks_free(struct mu_blocks *blocks);

void mu_blocks_sort(struct mu_blocks *blocks);
size_t mu_blocks_keep_known(struct mu_blocks *blocks);

#endif
