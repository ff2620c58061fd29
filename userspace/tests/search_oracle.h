/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verdicts of a search by the definition, for small graphs: transitive closures of a matrix.
 * Shares no code with the search.
 */
#ifndef MU_TESTS_SEARCH_ORACLE_H
#define MU_TESTS_SEARCH_ORACLE_H

#include <string.h>

#include "search_refs.h"

#define ORACLE_MAX 48

struct image {
	uint64_t address;
	uint64_t *words;
	size_t nr;
};

/* Return: the block that an address is in, or -1. */
static inline int oracle_block(const struct mu_blocks *b, const bool *gone, uint64_t address)
{
	for (size_t i = 0; i < b->nr; i++) {
		uint64_t size = b->at[i].size ? b->at[i].size : 1;

		if (!(gone && gone[i]) && address >= b->at[i].address &&
		    address - b->at[i].address < size)
			return i;
	}
	return -1;
}

static inline bool oracle_free(const struct mu_ranges *free, uint64_t address)
{
	for (size_t i = 0; i < free->nr; i++)
		if (address >= free->at[i].start && address < free->at[i].end)
			return true;
	return false;
}

static inline void oracle_close(bool to[ORACLE_MAX + 1][ORACLE_MAX + 1], size_t nr)
{
	for (size_t k = 0; k < nr; k++)
		for (size_t i = 0; i < nr; i++)
			for (size_t j = 0; j < nr; j++)
				to[i][j] |= to[i][k] && to[k][j];
}

static inline void oracle_add(const struct mu_blocks *b, const bool *gone, int from, uint64_t value,
			      bool start[][ORACLE_MAX + 1], bool any[][ORACLE_MAX + 1])
{
	int to = oracle_block(b, gone, value);

	if (to < 0)
		return;
	any[from][to] = true;
	start[from][to] |= value == b->at[to].address;
}

/* A lost block is definitely lost if each block that leads to it is in a cycle with it. */
static inline enum mu_verdict oracle_lost(bool any[][ORACLE_MAX + 1], const bool *lost, size_t nr,
					  size_t block)
{
	for (size_t i = 0; i < nr; i++) {
		if (i == block || !lost[i] || !any[i][block])
			continue;
		if (!any[block][i] || i < block)
			return MU_INDIRECT;
	}
	return MU_DEFINITE;
}

/* Node number nr stands for all memory outside of the blocks that is not free. */
static inline void find_verdicts(const struct image *image, size_t nr_images,
				 const struct mu_blocks *b, const bool *gone,
				 const struct mu_ranges *free, const uint64_t *values,
				 size_t nr_values, uint8_t *verdict)
{
	static bool start[ORACLE_MAX + 1][ORACLE_MAX + 1];
	static bool any[ORACLE_MAX + 1][ORACLE_MAX + 1];
	static bool lost[ORACLE_MAX + 1];

	memset(start, 0, sizeof(start));
	memset(any, 0, sizeof(any));
	for (size_t k = 0; k < nr_images; k++)
		for (size_t i = 0; i < image[k].nr; i++) {
			int from = oracle_block(b, gone, image[k].address + i * 8);

			if (from < 0 && oracle_free(free, image[k].address + i * 8))
				continue;
			oracle_add(b, gone, from < 0 ? (int)b->nr : from, image[k].words[i], start,
				   any);
		}
	for (size_t i = 0; i < nr_values; i++)
		oracle_add(b, gone, b->nr, values[i], start, any);
	oracle_close(start, b->nr + 1);
	oracle_close(any, b->nr + 1);
	for (size_t i = 0; i < b->nr; i++)
		lost[i] = !(gone && gone[i]) && !any[b->nr][i];
	for (size_t i = 0; i < b->nr; i++) {
		if (gone && gone[i])
			verdict[i] = MU_UNKNOWN;
		else if (lost[i])
			verdict[i] = oracle_lost(any, lost, b->nr, i);
		else
			verdict[i] = start[b->nr][i] ? MU_REACHABLE : MU_POSSIBLE;
	}
}

#endif
