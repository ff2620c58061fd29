// SPDX-License-Identifier: GPL-2.0-only
/*
 * A search for references to blocks: the verdicts.
 *
 * Blocks are reached from words outside of all blocks and of free memory, first by references to
 * starts of blocks only (still reachable), then by any reference (possibly lost). Of the others,
 * those that an other one leads to are indirectly lost. Of blocks that lead to each other in a
 * cycle, and that no other block leads to, the one with the lowest address is definitely lost, the
 * others are indirectly lost. Depends on search_refs.c.
 */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "search_refs.h"

/* The edges of one block, in the order of their addresses. */
struct walk {
	const struct mu_search *s;
	uint64_t start;
	uint64_t end;
	size_t page;
	uint32_t edge;
};

struct flood {
	struct mu_search *s;
	uint32_t *stack;
	size_t nr;
};

/* Return: the number of the page's first edge at or behind an address. */
static uint32_t first_edge_from(const struct mu_search *s, const struct mu_page *page,
				uint64_t address)
{
	uint32_t low = 0;
	uint32_t high = page->nr;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (mu_search_edge_address(page, &s->edges[page->first + middle]) < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void enter_page(struct walk *w)
{
	const struct mu_search *s = w->s;

	if (w->page < s->nr_pages)
		w->edge = first_edge_from(s, &s->pages[w->page], w->start);
}

static void begin_walk(struct walk *w, const struct mu_search *s, uint32_t block)
{
	w->s = s;
	w->start = s->index.at[block].start;
	w->end = s->index.at[block].end;
	w->page = mu_search_page_at(s, w->start);
	enter_page(w);
}

/* Return: the next edge to a block that still exists, or NULL. */
static const struct mu_edge *next_edge(struct walk *w, uint64_t *address)
{
	const struct mu_search *s = w->s;

	while (w->page < s->nr_pages && s->pages[w->page].address < w->end) {
		const struct mu_page *page = &s->pages[w->page];
		const struct mu_edge *edge = &s->edges[page->first + w->edge];

		if (w->edge == page->nr) {
			w->page++;
			w->edge = 0;
			continue;
		}
		*address = mu_search_edge_address(page, edge);
		if (*address >= w->end)
			return NULL;
		w->edge++;
		if (!(edge->flags & MU_EDGE_IGNORED) && !s->is_gone[edge->to])
			return edge;
	}
	return NULL;
}

/* === Reachable and possibly lost === */

static void reach_block(struct flood *f, uint32_t block, enum mu_verdict verdict,
			struct mu_parent parent)
{
	struct mu_search *s = f->s;

	if (s->is_gone[block] || s->verdict[block] != MU_UNKNOWN)
		return;
	s->verdict[block] = verdict;
	s->parent[block] = parent;
	f->stack[f->nr++] = block;
}

static bool is_followed(const struct mu_edge *edge, enum mu_verdict verdict)
{
	return verdict == MU_POSSIBLE || !(edge->flags & MU_EDGE_INTERIOR);
}

static void follow_block(struct flood *f, uint32_t block, enum mu_verdict verdict)
{
	const struct mu_edge *edge;
	struct walk walk;
	uint64_t address;

	begin_walk(&walk, f->s, block);
	while ((edge = next_edge(&walk, &address)))
		if (is_followed(edge, verdict))
			reach_block(f, edge->to, verdict,
				    (struct mu_parent){ .address = address, .is_memory = true });
}

/* Return: whether an address is in sorted ranges; *i becomes the first one that ends behind it. */
static bool is_inside(const struct mu_range *at, size_t nr, size_t *i, uint64_t address)
{
	while (*i < nr && at[*i].end <= address)
		(*i)++;
	return *i < nr && address >= at[*i].start;
}

static void reach_from_memory(struct flood *f, enum mu_verdict verdict)
{
	const struct mu_search *s = f->s;
	const struct mu_index *x = &s->index;
	size_t block = 0;
	size_t part = 0;

	for (size_t i = 0; i < s->nr_pages; i++) {
		const struct mu_page *page = &s->pages[i];

		for (size_t j = 0; j < page->nr; j++) {
			const struct mu_edge *edge = &s->edges[page->first + j];
			uint64_t address = mu_search_edge_address(page, edge);

			if (is_inside(x->at, x->nr, &block, address) && !s->is_gone[block])
				continue;
			if (is_inside(s->free.at, s->free.nr, &part, address))
				continue;
			if (!(edge->flags & MU_EDGE_IGNORED) && is_followed(edge, verdict))
				reach_block(f, edge->to, verdict,
					    (struct mu_parent){ .address = address,
								.is_memory = true });
		}
	}
}

static void reach_from_extras(struct flood *f, enum mu_verdict verdict)
{
	for (size_t i = 0; i < f->s->nr_extras; i++) {
		const struct mu_extra *extra = &f->s->extras[i];

		if (verdict == MU_POSSIBLE || !extra->interior)
			reach_block(f, extra->to, verdict,
				    (struct mu_parent){ .source = extra->source });
	}
}

static void drain_stack(struct flood *f, enum mu_verdict verdict)
{
	while (f->nr)
		follow_block(f, f->stack[--f->nr], verdict);
}

static void find_reachable(struct flood *f)
{
	reach_from_extras(f, MU_REACHABLE);
	reach_from_memory(f, MU_REACHABLE);
	drain_stack(f, MU_REACHABLE);
}

static void find_possible(struct flood *f)
{
	struct mu_search *s = f->s;

	reach_from_extras(f, MU_POSSIBLE);
	reach_from_memory(f, MU_POSSIBLE);
	for (size_t i = 0; i < s->index.nr; i++)
		if (s->verdict[i] == MU_REACHABLE)
			follow_block(f, i, MU_POSSIBLE);
	drain_stack(f, MU_POSSIBLE);
}

/* === Definitely and indirectly lost === */

/*
 * The lost blocks in the order in which a search in depth leaves them. Backwards, each block comes
 * before those that it leads to, except in cycles.
 */
struct order {
	struct mu_search *s;
	uint8_t *is_seen;
	struct walk *path;
	uint32_t *on_path;
	size_t depth;
	size_t path_capacity;
	size_t on_path_capacity;
	uint32_t *left;
	size_t nr_left;
};

static void enter_block(struct order *o, uint32_t block)
{
	o->is_seen[block] = true;
	o->path = mu_grow(o->path, o->depth, &o->path_capacity, sizeof(*o->path));
	o->on_path = mu_grow(o->on_path, o->depth, &o->on_path_capacity, sizeof(*o->on_path));
	o->on_path[o->depth] = block;
	begin_walk(&o->path[o->depth++], o->s, block);
}

static bool is_lost(const struct mu_search *s, uint32_t block)
{
	return s->verdict[block] == MU_UNKNOWN && !s->is_gone[block];
}

static void order_from(struct order *o, uint32_t block)
{
	const struct mu_edge *edge;
	uint64_t address;

	enter_block(o, block);
	while (o->depth) {
		edge = next_edge(&o->path[o->depth - 1], &address);
		if (!edge)
			o->left[o->nr_left++] = o->on_path[--o->depth];
		else if (is_lost(o->s, edge->to) && !o->is_seen[edge->to])
			enter_block(o, edge->to);
	}
}

static void lead_to(struct flood *f, uint32_t leader)
{
	struct mu_search *s = f->s;
	const struct mu_edge *edge;
	struct walk walk;
	uint64_t address;

	s->verdict[leader] = MU_DEFINITE;
	f->stack[f->nr++] = leader;
	while (f->nr) {
		begin_walk(&walk, s, f->stack[--f->nr]);
		while ((edge = next_edge(&walk, &address))) {
			if (!is_lost(s, edge->to))
				continue;
			s->verdict[edge->to] = MU_INDIRECT;
			s->leader[edge->to] = leader;
			f->stack[f->nr++] = edge->to;
		}
	}
}

static void divide_lost(struct flood *f)
{
	struct mu_search *s = f->s;
	struct order o = { .s = s };

	o.is_seen = mu_zalloc(s->index.nr);
	o.left = mu_zalloc(s->index.nr * sizeof(*o.left));
	for (size_t i = 0; i < s->index.nr; i++)
		if (is_lost(s, i) && !o.is_seen[i])
			order_from(&o, i);
	while (o.nr_left) {
		uint32_t block = o.left[--o.nr_left];

		if (is_lost(s, block))
			lead_to(f, block);
	}
	free(o.is_seen);
	free(o.left);
	free(o.path);
	free(o.on_path);
}

/**
 * mu_search_classify() - determine the verdict of each block
 * @s: the search
 *
 * May be called again after further words were looked up.
 */
void mu_search_classify(struct mu_search *s)
{
	struct flood f = { .s = s };

	mu_search_sort(s);
	for (size_t i = 0; i < s->index.nr; i++) {
		s->verdict[i] = MU_UNKNOWN;
		s->leader[i] = i;
	}
	f.stack = mu_zalloc(s->index.nr * sizeof(*f.stack));
	find_reachable(&f);
	find_possible(&f);
	divide_lost(&f);
	free(f.stack);
}
