// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the code of files that a process has moved to memory of no file, as programs do that want
 * large pages: they copy their code, and map the copy over the original.
 *
 * Such memory is taken for a file's code if
 *
 * - the nearest mapping of a file before or after it, and the program headers of that file, say
 *   that code of the file belongs at its address, and
 * - each page of it that is in memory, at least one, is equal to that of the file, but for
 *   breakpoints.
 *
 * So it does not matter whether the code was moved before or after the attach. What is found stays
 * known until other code is found at its address, as old stacks have frames in it. Files are
 * hostile: program headers only name what is then compared, and how much of that is bounded.
 *
 * Depends on file_identity.c, mapped_file.c, regular_file.c and elf_file.c.
 */
#include "moved_text.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "file_identity.h"
#include "mapped_file.h"
#include "mem.h"
#include "regular_file.h"
#include "text.h"

#define PAGE 4096ull
#define SEGMENTS_MAX 64
#define MOVED_MAX 64
#define OTHERS_MAX 4096
#define SCAN_MAX (2ull << 30) /* of memory that is compared in a scan */

struct range {
	uint64_t start, end;
};

struct mu_moved_text {
	int proc;
	struct mu_moved *moved;
	size_t nr, capacity;
	struct range *other; /* memory that no file has code for */
	size_t nr_others, others_capacity;
	uint64_t left; /* of SCAN_MAX */
	unsigned int scans;
};

/* A mapping: of a file, or executable memory of none, without a path. */
struct mapping {
	struct mu_maps_line line;
	char *path;
};

/* A mapping of a file beside memory, with the program headers of the file. */
struct neighbour {
	struct mu_maps_line line;
	const char *path;
	int fd;
	Elf64_Phdr segment[SEGMENTS_MAX];
	size_t nr;
};

/**
 * mu_moved_text_new() - prepare to find moved code
 * @proc: /proc/PID of the process; stays open until mu_moved_text_free()
 *
 * Return: the handle, to be freed.
 */
struct mu_moved_text *mu_moved_text_new(int proc)
{
	struct mu_moved_text *text = mu_zalloc(sizeof(*text));

	text->proc = proc;
	return text;
}

static void free_moved(struct mu_moved *moved)
{
	close(moved->fd);
	free(moved->build_id);
	free(moved->path);
	free(moved->name);
}

/**
 * mu_moved_text_free() - free what was found
 * @text: the handle
 */
void mu_moved_text_free(struct mu_moved_text *text)
{
	for (size_t i = 0; i < text->nr; i++)
		free_moved(&text->moved[i]);
	free(text->moved);
	free(text->other);
	free(text);
}

/**
 * mu_moved_text_find() - look up moved code
 * @text: the handle
 * @address: an address in the process
 *
 * Return: the code that the address is in, valid until mu_moved_text_scan(), or NULL.
 */
const struct mu_moved *mu_moved_text_find(const struct mu_moved_text *text, uint64_t address)
{
	for (size_t i = 0; i < text->nr; i++)
		if (address >= text->moved[i].start && address < text->moved[i].end)
			return &text->moved[i];
	return NULL;
}

/* === The file of a neighbour === */

static bool read_segments(struct neighbour *n)
{
	Elf64_Ehdr head;
	size_t size;

	if (pread(n->fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum > SEGMENTS_MAX ||
	    head.e_phoff > INT64_MAX)
		return false;
	size = head.e_phnum * sizeof(Elf64_Phdr);
	n->nr = head.e_phnum;
	return pread(n->fd, n->segment, size, head.e_phoff) == (ssize_t)size;
}

/* Sums of hostile numbers may wrap, which makes them wrong and does no harm. */
static bool has_offset(const Elf64_Phdr *segment, uint64_t offset)
{
	return segment->p_type == PT_LOAD && offset >= (segment->p_offset & -PAGE) &&
	       offset < segment->p_offset + segment->p_filesz;
}

static bool intersect_range(struct range *range, uint64_t start, uint64_t end)
{
	if (range->start < start)
		range->start = start;
	if (range->end > end)
		range->end = end;
	return range->start < range->end;
}

/*
 * Cut a range to the code of a segment, and set @whole to its pages that have nothing else.
 * Return: false if it has no such pages.
 */
static bool cut_to_segment(const Elf64_Phdr *segment, uint64_t bias, struct range *range,
			   struct range *whole)
{
	uint64_t start = bias + segment->p_vaddr;
	uint64_t end = start + segment->p_filesz;

	if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || end < start || end > -PAGE)
		return false;
	*whole = *range;
	return intersect_range(range, start & -PAGE, (end + PAGE - 1) & -PAGE) &&
	       intersect_range(whole, (start + PAGE - 1) & -PAGE, end & -PAGE);
}

static char *copy_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return mu_escape(slash ? slash + 1 : path);
}

static bool overlaps_range(const struct mu_moved *moved, const struct range *range)
{
	return moved->start < range->end && moved->end > range->start;
}

/* A mapping may be of two segments that share a page of the file: only one leads to equal code. */
static bool is_found(const struct mu_moved_text *text, const struct range *range)
{
	for (size_t i = 0; i < text->nr; i++)
		if (text->moved[i].scan == text->scans && overlaps_range(&text->moved[i], range))
			return true;
	return false;
}

/* Other code may have been here before. */
static void forget_overlaps(struct mu_moved_text *text, const struct range *range)
{
	size_t i = 0;

	while (i < text->nr) {
		if (!overlaps_range(&text->moved[i], range)) {
			i++;
			continue;
		}
		free_moved(&text->moved[i]);
		text->moved[i] = text->moved[--text->nr];
	}
}

static void add_moved(struct mu_moved_text *text, const struct neighbour *n, uint64_t bias,
		      const struct range *range)
{
	struct mu_moved moved = {
		.start = range->start,
		.end = range->end,
		.bias = bias,
		.scan = text->scans,
		.fd = text->nr < MOVED_MAX ? fcntl(n->fd, F_DUPFD_CLOEXEC, 0) : -1,
	};

	if (moved.fd < 0)
		return;
	moved.build_id = mu_elf_build_id(n->fd);
	moved.path = mu_strndup(n->path, strlen(n->path));
	moved.name = copy_name(n->path);
	text->moved = mu_grow(text->moved, text->nr, &text->capacity, sizeof(moved));
	text->moved[text->nr++] = moved;
}

/* Return: true if the file has code for the range; it is added if the code is the same. */
static bool try_segment(struct mu_moved_text *text, const struct neighbour *n, uint64_t bias,
			const Elf64_Phdr *segment, const struct range *memory)
{
	struct range range = *memory, whole;
	struct mu_maps_line line;
	int compared;

	if (!cut_to_segment(segment, bias, &range, &whole) || whole.end - whole.start > text->left)
		return false;
	if (is_found(text, &range))
		return true;
	text->left -= whole.end - whole.start;
	line = (struct mu_maps_line){
		.start = whole.start,
		.end = whole.end,
		.offset = whole.start - bias - segment->p_vaddr + segment->p_offset,
	};
	compared = mu_file_compare_code(text->proc, n->fd, &line);
	if (compared)
		forget_overlaps(text, &range);
	if (compared > 0)
		add_moved(text, n, bias, &range);
	return true;
}

static bool try_neighbour(struct mu_moved_text *text, const struct neighbour *n,
			  const struct range *memory)
{
	bool found = false;

	for (size_t i = 0; i < n->nr; i++) {
		const Elf64_Phdr *here = &n->segment[i];

		for (size_t j = 0; has_offset(here, n->line.offset) && j < n->nr; j++)
			found |= try_segment(text, n,
					     n->line.start - n->line.offset + here->p_offset -
						     here->p_vaddr,
					     &n->segment[j], memory);
	}
	return found;
}

static bool open_neighbour(const struct mu_moved_text *text, struct neighbour *n)
{
	char *name;

	name = mu_format("map_files/%" PRIx64 "-%" PRIx64, n->line.start, n->line.end);
	n->fd = mu_regular_file_open(text->proc, name, 0);
	free(name);
	if (n->fd < 0)
		return false;
	if (read_segments(n))
		return true;
	close(n->fd);
	return false;
}

/* === Mappings === */

struct list {
	struct mapping *at;
	size_t nr, capacity;
};

static bool is_memory(const struct mu_maps_line *m)
{
	if (!m->inode.number)
		return m->path[0] != '[' || !strncmp(m->path, "[anon", 5);
	return mu_mapped_file_is_memory(m->path);
}

/* Files have a path in the list, memory has none. */
static void add_mapping(struct list *list, char *text)
{
	struct mapping m = {};

	if (!mu_maps_line_parse(text, &m.line))
		return;
	if (m.line.inode.number && !is_memory(&m.line))
		m.path = mu_strndup(m.line.path, strlen(m.line.path));
	else if (!m.line.executable || !is_memory(&m.line))
		return;
	m.line.path = NULL;
	list->at = mu_grow(list->at, list->nr, &list->capacity, sizeof(m));
	list->at[list->nr++] = m;
}

static void read_mappings(int proc, struct list *list)
{
	int fd = openat(proc, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *line = NULL;
	size_t size = 0;

	while (maps && getline(&line, &size, maps) > 0)
		add_mapping(list, line);
	free(line);
	if (maps)
		fclose(maps);
}

/* Return: true if the range is memory that no file has code for, in an earlier scan. */
static bool is_other(const struct mu_moved_text *text, const struct range *range)
{
	for (size_t i = 0; i < text->nr_others; i++)
		if (text->other[i].start == range->start && text->other[i].end == range->end)
			return true;
	return false;
}

static void add_other(struct mu_moved_text *text, const struct range *range)
{
	if (text->nr_others == OTHERS_MAX)
		text->nr_others = 0;
	text->other = mu_grow(text->other, text->nr_others, &text->others_capacity, sizeof(*range));
	text->other[text->nr_others++] = *range;
}

/* Return: true if the mapping is of a file that has code for the range. */
static bool try_mapping(struct mu_moved_text *text, const struct mapping *m,
			const struct range *range)
{
	struct neighbour n = { .line = m->line, .path = m->path };
	bool has_code;

	if (!m->path || !open_neighbour(text, &n))
		return false;
	has_code = try_neighbour(text, &n, range);
	close(n.fd);
	return has_code;
}

static void try_memory(struct mu_moved_text *text, const struct list *list, size_t memory)
{
	const struct range range = { list->at[memory].line.start, list->at[memory].line.end };
	size_t before = memory, after = memory;
	bool has_code = false;

	if (is_other(text, &range))
		return;
	while (before && !list->at[before].path)
		before--;
	while (after + 1 < list->nr && !list->at[after].path)
		after++;
	has_code |= try_mapping(text, &list->at[before], &range);
	has_code |= try_mapping(text, &list->at[after], &range);
	if (!has_code)
		add_other(text, &range);
}

/**
 * mu_moved_text_scan() - find moved code, and check what was found before
 * @text: the handle
 *
 * Memory that no file has code for is looked at once.
 */
void mu_moved_text_scan(struct mu_moved_text *text)
{
	struct list list = {};

	text->left = SCAN_MAX;
	text->scans++;
	read_mappings(text->proc, &list);
	for (size_t i = 0; i < list.nr; i++)
		if (!list.at[i].path)
			try_memory(text, &list, i);
	for (size_t i = 0; i < list.nr; i++)
		free(list.at[i].path);
	free(list.at);
}
