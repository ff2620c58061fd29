/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SEARCH_REFS_H
#define MU_SEARCH_REFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "search_index.h"

#define MU_PAGE 4096UL
#define MU_EDGE_INTERIOR 1U /* the word holds an address behind the block's start */
#define MU_EDGE_SUSPECT 2U  /* the word may belong to a list of the allocator */
#define MU_EDGE_IGNORED 4U  /* it does */

#define MU_LISTS_NO 0U	  /* the block is reachable in any case */
#define MU_LISTS_MAYBE 1U /* it is not if memory near blocks is free */
#define MU_LISTS_YES 2U

/**
 * enum mu_verdict - how a block can be reached
 * @MU_UNKNOWN: not determined: the block was freed during the search
 * @MU_DEFINITE: no word of live memory holds an address in it
 * @MU_INDIRECT: only words in unreachable blocks do
 * @MU_POSSIBLE: each chain of references has one that is not to a block's start
 * @MU_REACHABLE: by references to the start of blocks
 */
enum mu_verdict { MU_UNKNOWN, MU_DEFINITE, MU_INDIRECT, MU_POSSIBLE, MU_REACHABLE };

/**
 * struct mu_edge - a word that holds an address in a block
 * @to: number of the block
 * @word: number of the word in its page
 * @flags: MU_EDGE_
 */
struct mu_edge {
	uint32_t to;
	uint16_t word;
	uint16_t flags;
};

/**
 * struct mu_page - a page with words that hold addresses in blocks
 * @address: its address
 * @first: number of the first edge
 * @nr: number of edges, by address; 0: the page was forgotten
 */
struct mu_page {
	uint64_t address;
	uint32_t first;
	uint32_t nr;
};

/**
 * struct mu_extra - a reference from elsewhere than memory
 * @to: number of the block
 * @interior: the address is behind the block's start
 * @source: what the caller calls the place
 */
struct mu_extra {
	uint32_t to;
	bool interior;
	uint32_t source;
};

/**
 * struct mu_suspect - an edge that may belong to a list of the allocator
 * @address: of the word
 * @value: of the word
 * @edge: number of the edge
 */
struct mu_suspect {
	uint64_t address;
	uint64_t value;
	uint32_t edge;
};

/**
 * struct mu_parent - the reference by which a block was first reached
 * @address: of the word in memory, if @is_memory
 * @source: of the extra reference otherwise
 * @is_memory: the reference is in memory
 */
struct mu_parent {
	uint64_t address;
	uint32_t source;
	bool is_memory;
};

/**
 * struct mu_search - a search for references to blocks
 * @blocks: the blocks; not owned
 * @index: of the blocks
 * @is_gone: for each block, whether it was freed during the search
 * @needs_lists: for each block, whether words of glibc's lists have to be recognized, MU_LISTS_
 * @verdict: for each block
 * @leader: for each indirectly lost block a definitely lost one that leads to it, for any other
 *	    the block itself
 * @parent: for each reachable or possibly lost block
 * @edges: references in memory
 * @nr_edges: number of @edges
 * @edges_capacity: allocated elements of @edges
 * @max_edges: limit of @nr_edges
 * @pages: pages with edges
 * @nr_pages: number of @pages
 * @pages_capacity: allocated elements of @pages
 * @is_sorted: the pages are in the order of their addresses
 * @extras: references from elsewhere
 * @nr_extras: number of @extras
 * @extras_capacity: allocated elements of @extras
 * @suspects: edges that may belong to a list of the allocator
 * @nr_suspects: number of @suspects
 * @suspects_capacity: allocated elements of @suspects
 * @free: memory that is known to be free, whose words are no references
 * @words: number of words that were looked up
 * @is_full: a limit was exceeded, so that references are missing
 */
struct mu_search {
	const struct mu_blocks *blocks;
	struct mu_index index;
	uint8_t *is_gone;
	uint8_t *needs_lists;
	uint8_t *verdict;
	uint32_t *leader;
	struct mu_parent *parent;
	struct mu_edge *edges;
	size_t nr_edges;
	size_t edges_capacity;
	size_t max_edges;
	struct mu_page *pages;
	size_t nr_pages;
	size_t pages_capacity;
	bool is_sorted;
	struct mu_extra *extras;
	size_t nr_extras;
	size_t extras_capacity;
	struct mu_suspect *suspects;
	size_t nr_suspects;
	size_t suspects_capacity;
	struct mu_ranges free;
	uint64_t words;
	bool is_full;
};

struct mu_search *mu_search_new(const struct mu_blocks *blocks, size_t max_edges);
void mu_search_free(struct mu_search *s);

void mu_search_words(struct mu_search *s, uint64_t address, const uint64_t *words, size_t nr);
void mu_search_forget(struct mu_search *s, uint64_t start, uint64_t end);
void mu_search_sort(struct mu_search *s);
void mu_search_value(struct mu_search *s, uint64_t value, uint32_t source);
void mu_search_drop_values(struct mu_search *s);
void mu_search_keep(struct mu_search *s, const struct mu_blocks *now);
size_t mu_search_page_at(const struct mu_search *s, uint64_t address);
uint64_t mu_search_edge_address(const struct mu_page *page, const struct mu_edge *edge);
uint32_t mu_search_owner(const struct mu_search *s, uint64_t address);

void mu_search_classify(struct mu_search *s);

#endif
