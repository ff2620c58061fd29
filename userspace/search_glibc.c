// SPDX-License-Identifier: GPL-2.0-only
/*
 * A search for references to blocks: words of glibc's malloc that are no references.
 *
 * glibc names a chunk by the address of its header, 16 bytes before the memory that malloc returns.
 * The first word of the header belongs to the block before it, if that block's size needs it. A
 * list of free chunks that has the chunk behind a leaked block therefore seems to hold the address
 * of the block's last word. Such a word is ignored only if it is proven to be one of glibc's: it is
 * a link of a list whose links agree with each other, or a field of an arena. A program's own
 * pointer to the last word of a block is elsewhere, and counts.
 *
 * The layouts are those of glibc 2.3 to 2.41. Depends on search_refs.c.
 */
#include "search_glibc.h"

#include <string.h>

/* Numbers of words in a free chunk. */
enum { SIZE = 1, FD = 2, BK = 3, FD_NEXTSIZE = 4, BK_NEXTSIZE = 5, CHUNK_WORDS = 6 };

#define PREV_INUSE 1UL
#define IS_MMAPPED 2UL
#define SIZE_FLAGS 7UL
#define MIN_CHUNK 32UL
#define MAX_UNCERTAIN (1UL << 14) /* suspects */

/* An arena has its fast bins, top, last_remainder and then pairs of words, the bins. */
#define FAST_BINS 10
#define BINS_CHECKED 16
#define EMPTY_BINS 4
#define WORDS_BEFORE (FAST_BINS + 1)
#define ARENA_WORDS (WORDS_BEFORE + 2 * BINS_CHECKED + 2)

static bool is_plausible_size(uint64_t word)
{
	return (word & PREV_INUSE) && !(word & IS_MMAPPED) && (word & ~SIZE_FLAGS) >= MIN_CHUNK &&
	       word >> 47 == 0;
}

static bool holds_value(const struct mu_peek *peek, uint64_t address, uint64_t value)
{
	uint64_t word;

	return peek->read(peek->context, address, &word, 1) && word == value;
}

/* Return: true if both links of a chunk lead to links that lead back, one of them the word. */
static bool is_link(const struct mu_peek *peek, const struct mu_suspect *suspect, uint64_t next,
		    uint64_t previous, size_t back)
{
	uint64_t of_next = next + (back + 1) * sizeof(uint64_t);
	uint64_t of_previous = previous + back * sizeof(uint64_t);

	if (suspect->address != of_next && suspect->address != of_previous)
		return false;
	return holds_value(peek, of_next, suspect->value) &&
	       holds_value(peek, of_previous, suspect->value);
}

static bool is_list_word(const struct mu_peek *peek, const struct mu_suspect *suspect)
{
	uint64_t chunk[CHUNK_WORDS];

	if (!peek->read(peek->context, suspect->value, chunk, FD_NEXTSIZE) ||
	    !is_plausible_size(chunk[SIZE]))
		return false;
	if (is_link(peek, suspect, chunk[FD], chunk[BK], FD))
		return true;
	return peek->read(peek->context, suspect->value, chunk, CHUNK_WORDS) &&
	       is_link(peek, suspect, chunk[FD_NEXTSIZE], chunk[BK_NEXTSIZE], FD_NEXTSIZE);
}

/* Return: true if it is the field top of an arena: the first bin is a list, some are empty. */
static bool is_top(const struct mu_peek *peek, const uint64_t *words, uint64_t address)
{
	size_t empty = 0;

	if (!holds_value(peek, words[FD] + BK * sizeof(*words), address) ||
	    !holds_value(peek, words[BK] + FD * sizeof(*words), address))
		return false;
	for (size_t i = 0; i < BINS_CHECKED; i++) {
		uint64_t bin = address + i * 2 * sizeof(*words);

		empty += words[2 * i + FD] == bin && words[2 * i + BK] == bin;
	}
	return empty >= EMPTY_BINS;
}

/* The word may be last_remainder, which is behind top, or top, or a fast bin before it. */
static bool is_arena_word(const struct mu_peek *peek, const struct mu_suspect *suspect)
{
	uint64_t words[ARENA_WORDS];
	uint64_t start = suspect->address - sizeof(*words);
	uint64_t size;

	if (!peek->read(peek->context, suspect->value + sizeof(size), &size, 1) ||
	    (size & ~SIZE_FLAGS) < MIN_CHUNK || size >> 47 ||
	    !peek->read(peek->context, start, words, ARENA_WORDS))
		return false;
	for (size_t i = 0; i <= WORDS_BEFORE; i++)
		if (is_top(peek, words + i, start + i * sizeof(*words)))
			return true;
	return false;
}

static void mark_lost(struct mu_search *s, uint8_t need)
{
	mu_search_classify(s);
	for (size_t i = 0; i < s->blocks->nr; i++)
		if (s->verdict[i] == MU_DEFINITE || s->verdict[i] == MU_INDIRECT)
			s->needs_lists[i] = need;
}

/**
 * mu_search_find_listed() - find the blocks that no words but those of lists may refer to
 * @s: the search
 *
 * mu_search_ignore_glibc() then checks the words of these blocks only, as it takes long. A word
 * that is not checked counts as a reference. Which memory is free is not known yet: blocks that are
 * lost if all memory near blocks is free are checked as far as this does not take long.
 */
void mu_search_find_listed(struct mu_search *s)
{
	for (size_t i = 0; i < s->nr_suspects; i++)
		s->edges[s->suspects[i].edge].flags |= MU_EDGE_IGNORED;
	memset(s->needs_lists, MU_LISTS_NO, s->blocks->nr);
	mu_ranges_free(&s->free);
	s->free = mu_index_near(&s->index);
	mark_lost(s, MU_LISTS_MAYBE);
	mu_ranges_free(&s->free);
	mark_lost(s, MU_LISTS_YES);
}

/**
 * mu_search_ignore_glibc() - exclude words of glibc's lists from the references
 * @s: the search; to be called when all words have been looked up, before mu_search_classify()
 * @peek: the memory, unchanged since
 */
void mu_search_ignore_glibc(struct mu_search *s, const struct mu_peek *peek)
{
	size_t left = MAX_UNCERTAIN;

	for (size_t i = 0; i < s->nr_suspects; i++) {
		const struct mu_suspect *suspect = &s->suspects[i];
		struct mu_edge *edge = &s->edges[suspect->edge];
		uint8_t need = s->needs_lists[edge->to];

		edge->flags &= ~MU_EDGE_IGNORED;
		if (need == MU_LISTS_NO || (need == MU_LISTS_MAYBE && !left))
			continue;
		left -= need == MU_LISTS_MAYBE;
		if (is_list_word(peek, suspect) || is_arena_word(peek, suspect))
			edge->flags |= MU_EDGE_IGNORED;
	}
}
