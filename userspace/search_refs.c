// SPDX-License-Identifier: GPL-2.0-only
/*
 * A search for references to blocks: looking up words of memory.
 *
 * Each word that holds an address in a block is kept as an edge, under the page that it is in.
 * Whether the word itself is in a block, and in which one, is determined at the end only: blocks
 * are freed during the search, and pages that were written since are forgotten and looked up again.
 *
 * This is pure: memory comes from the caller, search_classify.c gives the verdicts. Depends on
 * search_index.c, ranges.c and mem.c.
 */
#include "search_refs.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define WORDS_PER_PAGE (MU_PAGE / sizeof(uint64_t))
#define MAX_SUSPECTS (4UL << 20)
#define MAX_EXTRAS (1UL << 20)

/**
 * mu_search_new() - begin a search
 * @blocks: the blocks, of mu_blocks_keep_known(); must stay until mu_search_free()
 * @max_edges: limit of the number of references
 *
 * Return: the search.
 */
struct mu_search *mu_search_new(const struct mu_blocks *blocks, size_t max_edges)
{
	struct mu_search *s = mu_zalloc(sizeof(*s));

	s->blocks = blocks;
	s->max_edges = max_edges < UINT32_MAX ? max_edges : UINT32_MAX;
	s->is_sorted = true;
	s->is_gone = mu_zalloc(blocks->nr);
	s->needs_lists = mu_zalloc(blocks->nr);
	memset(s->needs_lists, MU_LISTS_YES, blocks->nr);
	s->verdict = mu_zalloc(blocks->nr);
	s->leader = mu_zalloc(blocks->nr * sizeof(*s->leader));
	s->parent = mu_zalloc(blocks->nr * sizeof(*s->parent));
	mu_index_init(&s->index, blocks);
	return s;
}

/**
 * mu_search_free() - end a search
 * @s: the search; may be NULL
 */
void mu_search_free(struct mu_search *s)
{
	if (!s)
		return;
	mu_index_free(&s->index);
	free(s->is_gone);
	free(s->needs_lists);
	free(s->verdict);
	free(s->leader);
	free(s->parent);
	free(s->edges);
	free(s->pages);
	free(s->extras);
	free(s->suspects);
	mu_ranges_free(&s->free);
	free(s);
}

/* Allocate the edges of a page. Return: false if there would be too many. */
static bool reserve_edges(struct mu_search *s)
{
	if (s->nr_edges + WORDS_PER_PAGE > s->max_edges) {
		s->is_full = true;
		return false;
	}
	if (s->nr_edges + WORDS_PER_PAGE <= s->edges_capacity)
		return true;
	s->edges_capacity += WORDS_PER_PAGE;
	s->edges = mu_grow(s->edges, s->edges_capacity, &s->edges_capacity, sizeof(*s->edges));
	return true;
}

static void add_suspect(struct mu_search *s, uint64_t address, uint64_t value)
{
	if (s->nr_suspects == MAX_SUSPECTS)
		return;
	s->suspects = mu_grow(s->suspects, s->nr_suspects, &s->suspects_capacity,
			      sizeof(*s->suspects));
	s->suspects[s->nr_suspects++] = (struct mu_suspect){
		.address = address,
		.value = value,
		.edge = s->nr_edges,
	};
}

/* A chunk of glibc begins in the last word of the block before it, if that uses this word. */
static bool may_be_chunk(const struct mu_index *x, uint32_t to, uint64_t value)
{
	return value % 16 == 0 && x->at[to].end - value <= 8 && value != x->at[to].start;
}

static void add_edge(struct mu_search *s, uint64_t address, uint64_t value, uint32_t to)
{
	const struct mu_index *x = &s->index;
	struct mu_edge *edge = &s->edges[s->nr_edges];

	if (address >= x->at[to].start && address < x->at[to].end)
		return;
	*edge = (struct mu_edge){
		.to = to,
		.word = address % MU_PAGE / sizeof(uint64_t),
		.flags = value == x->at[to].start ? 0 : MU_EDGE_INTERIOR,
	};
	if (may_be_chunk(x, to, value)) {
		edge->flags |= MU_EDGE_SUSPECT;
		add_suspect(s, address, value);
	}
	s->nr_edges++;
}

static void add_page(struct mu_search *s, uint64_t address, size_t first)
{
	uint64_t page = address & -MU_PAGE;

	s->pages = mu_grow(s->pages, s->nr_pages, &s->pages_capacity, sizeof(*s->pages));
	if (s->nr_pages && s->pages[s->nr_pages - 1].address >= page)
		s->is_sorted = false;
	s->pages[s->nr_pages++] = (struct mu_page){
		.address = page,
		.first = first,
		.nr = s->nr_edges - first,
	};
}

/* A word that may hold an address in a block. */
struct pick {
	uint64_t value;
	const uint32_t *granule;
	struct mu_candidates candidates;
	uint16_t word;
};

/*
 * Pick the words that hold addresses near blocks. Most words do not; without branches that the
 * processor would have to guess.
 */
static size_t pick_words(const struct mu_index *x, const uint64_t *words, size_t nr,
			 struct pick *picks)
{
	uint16_t covered[WORDS_PER_PAGE + 1];
	size_t nr_covered = 0;
	size_t picked = 0;

	for (size_t i = 0; i < nr; i++) {
		covered[nr_covered] = i;
		nr_covered += mu_index_covers(x, words[i]);
	}
	for (size_t i = 0; i < nr_covered; i++) {
		uint64_t value = words[covered[i]];
		uint32_t leaf = mu_index_leaf(x, value);

		picks[picked].word = covered[i];
		picks[picked].value = value;
		picks[picked].granule = mu_index_granule(x, leaf + !leaf, value);
		picked += !!leaf;
	}
	return picked;
}

/* Load the tables for all words of a page at the same time, as they are seldom in the cache. */
static void find_candidates(const struct mu_index *x, struct pick *picks, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		__builtin_prefetch(picks[i].granule);
	for (size_t i = 0; i < nr; i++) {
		picks[i].candidates = mu_index_candidates(x, picks[i].granule);
		__builtin_prefetch(&x->at[picks[i].candidates.first + picks[i].candidates.nr / 2]);
	}
}

static void search_page(struct mu_search *s, uint64_t address, const uint64_t *words, size_t nr)
{
	struct pick picks[WORDS_PER_PAGE + 1];
	size_t first = s->nr_edges;
	size_t picked;

	if (!s->index.nr || !reserve_edges(s))
		return;
	picked = pick_words(&s->index, words, nr, picks);
	find_candidates(&s->index, picks, picked);
	for (size_t i = 0; i < picked; i++) {
		uint32_t to = mu_index_choose(&s->index, picks[i].candidates, picks[i].value);

		if (to != MU_NO_BLOCK)
			add_edge(s, address + picks[i].word * sizeof(*words), picks[i].value, to);
	}
	if (s->nr_edges > first)
		add_page(s, address, first);
}

/**
 * mu_search_words() - look up words of memory
 * @s: the search
 * @address: of the first word; a multiple of 8
 * @words: the words
 * @nr: number of @words
 *
 * The words of a page must be given in one call, and once unless the page is forgotten.
 */
void mu_search_words(struct mu_search *s, uint64_t address, const uint64_t *words, size_t nr)
{
	s->words += nr;
	while (nr) {
		size_t some = (MU_PAGE - address % MU_PAGE) / sizeof(*words);

		if (some > nr)
			some = nr;
		search_page(s, address, words, some);
		address += some * sizeof(*words);
		words += some;
		nr -= some;
	}
}

static int compare_pages(const void *x, const void *y)
{
	const struct mu_page *a = x;
	const struct mu_page *b = y;

	return a->address < b->address ? -1 : a->address > b->address;
}

/**
 * mu_search_sort() - sort the pages, as mu_search_forget() needs it
 * @s: the search
 */
void mu_search_sort(struct mu_search *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->nr_pages; i++)
		if (s->pages[i].nr)
			s->pages[kept++] = s->pages[i];
	s->nr_pages = kept;
	if (!s->is_sorted && kept)
		qsort(s->pages, kept, sizeof(*s->pages), compare_pages);
	s->is_sorted = true;
}

/**
 * mu_search_page_at() - find a page
 * @s: the search; its pages are sorted
 * @address: an address
 *
 * Return: the number of the first page that ends behind the address.
 */
size_t mu_search_page_at(const struct mu_search *s, uint64_t address)
{
	uint64_t page = address & -MU_PAGE;
	size_t low = 0;
	size_t high = s->nr_pages;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->pages[middle].address < page)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * mu_search_forget() - forget the references in pages that have changed or do not exist any more
 * @s: the search; its pages were sorted since the last call of mu_search_words() for another range
 * @start: of the first page
 * @end: of the last page
 */
void mu_search_forget(struct mu_search *s, uint64_t start, uint64_t end)
{
	for (size_t i = mu_search_page_at(s, start); i < s->nr_pages; i++) {
		if (s->pages[i].address >= end)
			break;
		s->pages[i].nr = 0;
	}
}

/**
 * mu_search_value() - look up a word that is not in memory
 * @s: the search
 * @value: the word
 * @source: what the caller calls its place
 */
void mu_search_value(struct mu_search *s, uint64_t value, uint32_t source)
{
	uint32_t to = mu_index_find(&s->index, value);

	if (to == MU_NO_BLOCK)
		return;
	if (s->nr_extras == MAX_EXTRAS) {
		s->is_full = true;
		return;
	}
	s->extras = mu_grow(s->extras, s->nr_extras, &s->extras_capacity, sizeof(*s->extras));
	s->extras[s->nr_extras++] = (struct mu_extra){
		.to = to,
		.interior = value != s->index.at[to].start,
		.source = source,
	};
}

/**
 * mu_search_drop_values() - forget all words of mu_search_value()
 * @s: the search
 */
void mu_search_drop_values(struct mu_search *s)
{
	s->nr_extras = 0;
}

/**
 * mu_search_keep() - remove the blocks that are not in a later list
 * @s: the search
 * @now: the later list, sorted by mu_blocks_sort()
 *
 * The memory of a removed block is not a block's any more. A block that is in flight to be freed
 * is removed, too.
 */
void mu_search_keep(struct mu_search *s, const struct mu_blocks *now)
{
	size_t j = 0;

	for (size_t i = 0; i < s->blocks->nr; i++) {
		const struct mu_block *b = &s->blocks->at[i];
		bool found = false;

		while (j < now->nr && now->at[j].address < b->address)
			j++;
		for (size_t k = j; k < now->nr && now->at[k].address == b->address; k++)
			found |= now->at[k].time_ns == b->time_ns && now->at[k].size == b->size &&
				 !(now->at[k].flags & (MU_BLOCK_KIND | MU_BLOCK_TAKEN));
		if (!found)
			s->is_gone[i] = true;
	}
}

/**
 * mu_search_edge_address() - get the address of the word of an edge
 * @page: the page that has the edge
 * @edge: the edge
 *
 * Return: the address.
 */
uint64_t mu_search_edge_address(const struct mu_page *page, const struct mu_edge *edge)
{
	return page->address + edge->word * sizeof(uint64_t);
}

/**
 * mu_search_owner() - find the block that a word of memory is in
 * @s: the search
 * @address: of the word
 *
 * Return: the number of the block, or MU_NO_BLOCK for memory that is searched from.
 */
uint32_t mu_search_owner(const struct mu_search *s, uint64_t address)
{
	uint32_t owner = mu_index_find(&s->index, address);

	return owner != MU_NO_BLOCK && !s->is_gone[owner] ? owner : MU_NO_BLOCK;
}
