// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of a perf map, in which a JIT writes a line for each function that it generates:
 *
 *	START SIZE NAME
 *
 * with START and SIZE in hexadecimal. The text comes from the target and is hostile. Lines of any
 * other form are skipped. The number of lines and the length of a name are limited.
 *
 * A JIT reuses the addresses of functions that it has dropped, so a later line is right where lines
 * overlap. That is decided once: the lines are cut into pieces that do not overlap, each of which
 * belongs to the latest line that has its addresses. Depends on text.c.
 */
#include "perf_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

#define LINES_MAX (1u << 20) /* the last ones of the text are kept */
#define NAME_MAX_BYTES 2047

/*
 * struct line - a function
 * @age: 0 for the last line of the text
 */
struct line {
	uint64_t start, end;
	const char *name;
	uint32_t name_len;
	uint32_t age;
};

struct piece {
	uint64_t start, end;
	uint32_t line; /* index */
};

struct mu_perf_map {
	char *text;
	struct line *line;
	size_t nr, capacity;
	struct piece *piece;
	size_t nr_pieces, pieces_capacity;
};

static void take_prefix(const char **p, const char *end)
{
	if (end - *p >= 2 && (*p)[0] == '0' && ((*p)[1] | ' ') == 'x')
		*p += 2;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= ' ';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Take a hexadecimal number and the space behind it. */
static bool take_number(const char **p, const char *end, uint64_t *value)
{
	const char *at;

	take_prefix(p, end);
	*value = 0;
	for (at = *p; at < end && hex_digit(*at) >= 0; at++) {
		if (*value >> 60)
			return false;
		*value = *value << 4 | hex_digit(*at);
	}
	if (at == *p || at == end || *at != ' ')
		return false;
	*p = at + 1;
	return true;
}

static void add_line(struct mu_perf_map *map, const char *at, const char *end)
{
	struct line line = { .age = map->nr };
	uint64_t size;

	if (!take_number(&at, end, &line.start) || !take_number(&at, end, &size) || !size ||
	    size > UINT64_MAX - line.start || at == end || !*at)
		return;
	line.end = line.start + size;
	line.name = at;
	line.name_len = end - at < NAME_MAX_BYTES ? end - at : NAME_MAX_BYTES;
	map->line = mu_grow(map->line, map->nr, &map->capacity, sizeof(line));
	map->line[map->nr++] = line;
}

/* Return: the start of the line that ends at @end. */
static const char *find_start(const char *text, const char *end)
{
	while (end > text && end[-1] != '\n')
		end--;
	return end;
}

/* From the end on, as later lines count more. The last line may not have been written whole yet. */
static void add_lines(struct mu_perf_map *map, const char *text, size_t len)
{
	const char *next = find_start(text, text + len);

	while (next > text && map->nr < LINES_MAX) {
		const char *start = find_start(text, next - 1);

		add_line(map, start, next - 1);
		next = start;
	}
}

static int compare_starts(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->age < y->age ? -1 : x->age > y->age;
}

/* === Pieces: a walk over the addresses, with a heap of the lines there, the latest first === */

struct heap {
	const struct line *line;
	uint32_t *at; /* indices */
	size_t nr;
};

static bool is_later(const struct heap *heap, size_t a, size_t b)
{
	return heap->line[heap->at[a]].age < heap->line[heap->at[b]].age;
}

static void swap_two(struct heap *heap, size_t a, size_t b)
{
	uint32_t line = heap->at[a];

	heap->at[a] = heap->at[b];
	heap->at[b] = line;
}

static void heap_push(struct heap *heap, uint32_t line)
{
	size_t i = heap->nr++;

	heap->at[i] = line;
	for (; i && is_later(heap, i, (i - 1) / 2); i = (i - 1) / 2)
		swap_two(heap, i, (i - 1) / 2);
}

static void heap_pop(struct heap *heap)
{
	size_t i = 0, child;

	heap->at[0] = heap->at[--heap->nr];
	while ((child = 2 * i + 1) < heap->nr) {
		if (child + 1 < heap->nr && is_later(heap, child + 1, child))
			child++;
		if (!is_later(heap, child, i))
			return;
		swap_two(heap, i, child);
		i = child;
	}
}

/* Adjacent pieces of one line are one piece. */
static void add_piece(struct mu_perf_map *map, const struct piece *piece)
{
	struct piece *last = map->nr_pieces ? &map->piece[map->nr_pieces - 1] : NULL;

	if (last && last->line == piece->line && last->end == piece->start) {
		last->end = piece->end;
		return;
	}
	map->piece = mu_grow(map->piece, map->nr_pieces, &map->pieces_capacity, sizeof(*piece));
	map->piece[map->nr_pieces++] = *piece;
}

static void cut_lines(struct mu_perf_map *map)
{
	struct heap heap = { .line = map->line, .at = mu_zalloc((map->nr + 1) * sizeof(*heap.at)) };
	uint64_t address = 0;
	size_t next = 0;

	for (;;) {
		struct piece piece;

		while (heap.nr && map->line[heap.at[0]].end <= address)
			heap_pop(&heap);
		if (!heap.nr && next == map->nr)
			break;
		if (!heap.nr)
			address = map->line[next].start;
		while (next < map->nr && map->line[next].start == address)
			heap_push(&heap, next++);
		piece = (struct piece){ address, map->line[heap.at[0]].end, heap.at[0] };
		if (next < map->nr && map->line[next].start < piece.end)
			piece.end = map->line[next].start;
		add_piece(map, &piece);
		address = piece.end;
	}
	free(heap.at);
}

/**
 * mu_perf_map_new() - parse a perf map
 * @text: the text, allocated; its ownership is taken
 * @len: its length
 *
 * Return: the map, to be freed.
 */
struct mu_perf_map *mu_perf_map_new(char *text, size_t len)
{
	struct mu_perf_map *map = mu_zalloc(sizeof(*map));

	map->text = text;
	add_lines(map, text, len);
	if (map->nr)
		qsort(map->line, map->nr, sizeof(*map->line), compare_starts);
	cut_lines(map);
	return map;
}

/**
 * mu_perf_map_free() - free a map
 * @map: the map; may be NULL
 */
void mu_perf_map_free(struct mu_perf_map *map)
{
	if (!map)
		return;
	free(map->piece);
	free(map->line);
	free(map->text);
	free(map);
}

static const struct piece *find_piece(const struct mu_perf_map *map, uint64_t address)
{
	size_t low = 0, high = map->nr_pieces;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->piece[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < map->nr_pieces && map->piece[low].start <= address ? &map->piece[low] : NULL;
}

/**
 * mu_perf_map_name() - look up the function at an address
 * @map: the map
 * @address: the address
 * @offset: set to the distance from the start of the function
 *
 * Return: its name, safe to print, to be freed, or NULL.
 */
char *mu_perf_map_name(const struct mu_perf_map *map, uint64_t address, uint64_t *offset)
{
	const struct piece *piece = find_piece(map, address);
	const struct line *line;
	char *raw, *name;

	if (!piece)
		return NULL;
	line = &map->line[piece->line];
	*offset = address - line->start;
	raw = mu_strndup(line->name, line->name_len);
	name = mu_escape(raw);
	free(raw);
	return name;
}
