// SPDX-License-Identifier: GPL-2.0-only
/*
 * A search for references to blocks: free chunks in the bins of arenas, of glibc 2.31 to 2.41.
 *
 * thread_arena in a thread's static TLS points to an arena, and all arenas are linked. An arena has
 * 127 bins, each a list through its chunks and the arena itself in both directions. An empty bin
 * holds its own address twice, at a place that is given by the arena's: memory where a few dozen
 * words do so, and no bin is half empty, is an arena. The bins from one on are followed. A chunk
 * is free if it is in the list, the links from and to both its neighbours agree, and the next chunk
 * has its size and the bit for a free chunk before it. malloc takes a chunk out of its list before
 * it returns it, and its words from the links on to the size behind it belong to malloc only.
 *
 * Fast bins and the top chunk have less redundancy, and are left. Depends on search_chunks.c.
 */
#include "search_arena.h"

#define BINS 127
#define FIRST_BIN 14 /* number of the word */
#define NEXT 270
#define SYSTEM_MEM 273
#define ARENA_WORDS 275
#define BIN_HEADER 16UL
#define MIN_EMPTY 16
#define MAX_ARENAS 4096
#define THREADS_SCANNED 8

#define PREV_INUSE 1UL
#define IS_MMAPPED 2UL
#define SIZE_FLAGS 7UL
#define MIN_CHUNK 32UL

/* A chunk's header and links. */
enum { SIZE = 1, FD = 2, BK = 3, CHUNK_WORDS = 4 };

static uint64_t bin_address(uint64_t arena, size_t bin)
{
	return arena + (FIRST_BIN + 2 * bin) * sizeof(uint64_t) - BIN_HEADER;
}

static bool read_arena(const struct mu_free *f, uint64_t arena, uint64_t *words)
{
	size_t empty = 0;

	if (!f->peek->read(f->peek->context, arena, words, ARENA_WORDS) || !words[NEXT] ||
	    !words[SYSTEM_MEM] || words[SYSTEM_MEM] % MU_PAGE)
		return false;
	for (size_t i = 0; i < BINS; i++) {
		uint64_t bin = bin_address(arena, i);
		uint64_t fd = words[FIRST_BIN + 2 * i];
		uint64_t bk = words[FIRST_BIN + 2 * i + 1];
		bool is_empty = fd == bin;
		bool is_empty_back = bk == bin;

		if (!fd || !bk || fd % 16 || bk % 16 || is_empty != is_empty_back)
			return false;
		empty += is_empty;
	}
	return empty >= MIN_EMPTY;
}

/* Return: true if the chunk behind a chunk says that it is free. */
static bool is_free_before(const struct mu_free *f, uint64_t chunk, uint64_t size)
{
	uint64_t next[2];

	return f->peek->read(f->peek->context, chunk + size, next, 2) && next[0] == size &&
	       !(next[SIZE] & PREV_INUSE);
}

static bool add_chunk(struct mu_free *f, uint64_t chunk, uint64_t word)
{
	uint64_t size = word & ~SIZE_FLAGS;

	if (!(word & PREV_INUSE) || (word & IS_MMAPPED) || size < MIN_CHUNK || size % 16 ||
	    size >> 47 || !is_free_before(f, chunk, size))
		return true;
	return mu_free_add(f, chunk + FD * sizeof(word), chunk + size + sizeof(word));
}

/* Follow a bin. A chunk is added when the one behind it has led back to it. */
static void add_bin(struct mu_free *f, uint64_t bin, uint64_t chunk)
{
	uint64_t words[CHUNK_WORDS];
	uint64_t previous = bin;
	uint64_t size = 0;
	size_t limit = f->left;

	while (limit-- && chunk % 16 == 0 &&
	       f->peek->read(f->peek->context, chunk, words, CHUNK_WORDS) &&
	       words[BK] == previous) {
		if (previous != bin && !add_chunk(f, previous, size))
			return;
		if (chunk == bin)
			return;
		previous = chunk;
		size = words[SIZE];
		chunk = words[FD];
	}
}

static bool take_arena(struct mu_free *f, void *context, uint64_t first)
{
	uint64_t words[ARENA_WORDS];
	uint64_t arena = first;
	size_t nr = 0;

	(void)context;
	while (nr < MAX_ARENAS && read_arena(f, arena, words)) {
		for (size_t i = BINS; i-- > 0;)
			if (words[FIRST_BIN + 2 * i] != bin_address(arena, i))
				add_bin(f, bin_address(arena, i), words[FIRST_BIN + 2 * i]);
		nr++;
		arena = words[NEXT];
		if (arena == first)
			break;
	}
	return nr;
}

/**
 * mu_free_find_bins() - find the chunks in the bins of all arenas
 * @f: the chunks are added
 * @thread_pointers: of the stopped threads
 * @nr: number of @thread_pointers
 */
void mu_free_find_bins(struct mu_free *f, const uint64_t *thread_pointers, size_t nr)
{
	for (size_t i = 0; i < nr && i < THREADS_SCANNED; i++)
		if (mu_free_scan_tls(f, thread_pointers[i], take_arena, NULL))
			return;
}
