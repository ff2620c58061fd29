// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary list of blocks of a target, docs/ABI/debugfs-memleak_user.
 *
 * Reading it checks the header only: a record is trusted no further than its numbers can be used.
 * mu_blocks_keep_known() selects the blocks whose reachability can be determined. Depends on mem.c
 * and msg.c.
 */
#include "blocks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "msg.h"

#define MAGIC "memleak_blocks1\n"
#define MAX_BLOCKS (1UL << 30)
#define RECORDS_PER_READ 16384

/**
 * mu_blocks_is_header() - check whether a unit of the file is the header of a target
 * @header: the unit
 *
 * The magic is not the address of a block, so that a record does not look like a header.
 *
 * Return: true if it is.
 */
bool mu_blocks_is_header(const struct mu_blocks_header *header)
{
	return !memcmp(header->magic, MAGIC, sizeof(header->magic));
}

static bool read_header(FILE *in, struct mu_blocks *blocks)
{
	struct mu_blocks_header header;

	if (fread(&header, sizeof(header), 1, in) != 1 || !mu_blocks_is_header(&header) ||
	    header.record_size != sizeof(struct mu_block)) {
		mu_warn("blocks: not a list of blocks that this version can read");
		return false;
	}
	blocks->now_ns = header.now_ns;
	return true;
}

static bool read_records(FILE *in, struct mu_blocks *blocks)
{
	size_t capacity = 0;
	size_t got;

	do {
		if (blocks->nr + RECORDS_PER_READ > capacity) {
			capacity = blocks->nr + RECORDS_PER_READ - 1;
			blocks->at = mu_grow(blocks->at, capacity, &capacity, sizeof(*blocks->at));
		}
		got = fread(blocks->at + blocks->nr, sizeof(*blocks->at), RECORDS_PER_READ, in);
		blocks->nr += got;
	} while (got && blocks->nr < MAX_BLOCKS);
	if (!ferror(in) && blocks->nr < MAX_BLOCKS)
		return true;
	mu_warn("blocks: the list could not be read to its end");
	return false;
}

/**
 * mu_blocks_read() - read the records of a target
 * @in: the file
 *
 * Return: the records, in no particular order, or NULL, with a message.
 */
struct mu_blocks *mu_blocks_read(FILE *in)
{
	struct mu_blocks *blocks = mu_zalloc(sizeof(*blocks));

	if (read_header(in, blocks) && read_records(in, blocks))
		return blocks;
	mu_blocks_free(blocks);
	return NULL;
}

/**
 * mu_blocks_free() - free a list of records
 * @blocks: the list; may be NULL
 */
void mu_blocks_free(struct mu_blocks *blocks)
{
	if (blocks)
		free(blocks->at);
	free(blocks);
}

static int compare_addresses(const void *x, const void *y)
{
	const struct mu_block *a = x;
	const struct mu_block *b = y;

	return a->address < b->address ? -1 : a->address > b->address;
}

/**
 * mu_blocks_sort() - sort records by address
 * @blocks: the list
 */
void mu_blocks_sort(struct mu_blocks *blocks)
{
	if (blocks->nr)
		qsort(blocks->at, blocks->nr, sizeof(*blocks->at), compare_addresses);
}

/* A block as young as the list may be replaced unnoticed by one with the same address and time. */
static bool is_known(const struct mu_block *b, uint64_t now_ns)
{
	return !(b->flags & (MU_BLOCK_KIND | MU_BLOCK_TAKEN)) && b->time_ns < now_ns &&
	       b->size <= UINT64_MAX / 2 && b->address && b->address <= UINT64_MAX / 2;
}

static uint64_t block_end(const struct mu_block *b)
{
	return b->address + (b->size ? b->size : 1);
}

static void keep_records(struct mu_blocks *blocks,
			 bool (*is_kept)(const struct mu_block *b, uint64_t arg), uint64_t arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < blocks->nr; i++)
		if (is_kept(&blocks->at[i], arg))
			blocks->at[kept++] = blocks->at[i];
	blocks->nr = kept;
}

static bool is_alone(const struct mu_block *b, uint64_t taken_mark)
{
	return b->flags != taken_mark;
}

/* Mark the sorted blocks that overlap another one. */
static void mark_overlaps(struct mu_blocks *blocks)
{
	size_t last = 0; /* the block that reaches furthest */

	for (size_t i = 1; i < blocks->nr; i++) {
		if (blocks->at[i].address < block_end(&blocks->at[last])) {
			blocks->at[i].flags = MU_BLOCK_TAKEN;
			blocks->at[last].flags = MU_BLOCK_TAKEN;
		}
		if (block_end(&blocks->at[i]) > block_end(&blocks->at[last]))
			last = i;
	}
}

/**
 * mu_blocks_keep_known() - keep the blocks of the heap that were there for the whole reading
 * @blocks: the list; sorted on return
 *
 * Of blocks that overlap, at least one was freed unnoticed: none of them is kept. Memory that is
 * not in a kept block is searched for references like any other memory.
 *
 * Return: the number of blocks that overlapped.
 */
size_t mu_blocks_keep_known(struct mu_blocks *blocks)
{
	size_t known;

	keep_records(blocks, is_known, blocks->now_ns);
	mu_blocks_sort(blocks);
	mark_overlaps(blocks);
	known = blocks->nr;
	keep_records(blocks, is_alone, MU_BLOCK_TAKEN);
	return known - blocks->nr;
}
