// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings of a process and the pages in them that it has ever written.
 *
 * A page of a private mapping was written if it is anonymous or swapped; the others have the
 * contents of their file. All pages of shared mappings count. Pages are listed by the ioctl
 * PAGEMAP_SCAN, before Linux 6.7 from the entries of pagemap. Depends on mem.c and text.c.
 */
#include "areas.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"
#include "pagemap.h"

#define PAGE 4096UL
#define MAX_AREAS (1UL << 20)
#define REGIONS 4096
#define ENTRIES 16384

static bool is_named(const char *line, const char *name)
{
	const char *found = strchr(line, '[');

	return found && !strncmp(found, name, strlen(name));
}

static bool parse_area(const char *line, struct mu_area *area)
{
	char permissions[5];

	*area = (struct mu_area){};
	if (sscanf(line, "%lx-%lx %4s", &area->start, &area->end, permissions) != 3)
		return false;
	area->is_shared = permissions[3] == 's';
	area->is_untracked = area->is_shared || strstr(line, "/anon_hugepage");
	area->is_writable = permissions[1] == 'w';
	area->is_stack = is_named(line, "[stack]");
	area->is_special = is_named(line, "[vvar") || is_named(line, "[vdso]") ||
			   is_named(line, "[vsyscall]");
	return area->start < area->end;
}

/**
 * mu_areas_read() - read the mappings of a process
 * @areas: replaced by the mappings; zeroed or read before
 * @proc: the directory of the process in /proc
 *
 * Return: false if they could not be read.
 */
bool mu_areas_read(struct mu_areas *areas, int proc)
{
	int fd = openat(proc, "maps", O_RDONLY | O_CLOEXEC);
	FILE *maps = fd >= 0 ? fdopen(fd, "r") : NULL;
	struct mu_area area;
	char *line = NULL;
	size_t size = 0;

	areas->nr = 0;
	while (maps && areas->nr < MAX_AREAS && getline(&line, &size, maps) > 0) {
		if (!parse_area(line, &area))
			continue;
		areas->at = mu_grow(areas->at, areas->nr, &areas->capacity, sizeof(area));
		areas->at[areas->nr++] = area;
	}
	free(line);
	if (maps)
		fclose(maps);
	return areas->nr && areas->nr < MAX_AREAS;
}

/**
 * mu_areas_find() - find the mapping of an address
 * @areas: the mappings
 * @address: the address
 *
 * Return: the mapping, or NULL.
 */
const struct mu_area *mu_areas_find(const struct mu_areas *areas, uint64_t address)
{
	size_t low = 0;
	size_t high = areas->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (areas->at[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < areas->nr && areas->at[low].start <= address ? &areas->at[low] : NULL;
}

/**
 * mu_areas_free() - free the mappings
 * @areas: the mappings
 */
void mu_areas_free(struct mu_areas *areas)
{
	free(areas->at);
	*areas = (struct mu_areas){};
}

/* === Pages === */

/* Soft-dirty bits do not show what other processes write, nor what is written to hugetlb. */
static void add_pages(struct mu_pages *pages, const struct mu_area *area, struct mu_range range,
		      bool is_dirty)
{
	mu_ranges_add(&pages->all, range.start, range.end);
	if (!is_dirty && !area->is_untracked)
		mu_ranges_add(&pages->clean, range.start, range.end);
}

static bool is_written(const struct mu_area *area, bool is_swapped, bool is_file, bool is_zero)
{
	return area->is_shared || is_swapped || !(is_file || is_zero);
}

static void add_region(struct mu_pages *pages, const struct mu_area *area,
		       const struct page_region *region)
{
	uint64_t c = region->categories;

	if (is_written(area, c & PAGE_IS_SWAPPED, c & PAGE_IS_FILE, c & PAGE_IS_PFNZERO))
		add_pages(pages, area,
			  (struct mu_range){ .start = region->start, .end = region->end },
			  c & PAGE_IS_SOFT_DIRTY);
}

/* Return: 0 or an errno, ENOTTY if the kernel does not have the ioctl. */
static int scan_regions(struct mu_pages *pages, const struct mu_area *area, int pagemap,
			bool with_files)
{
	uint64_t unwritten = with_files ? 0 : PAGE_IS_FILE | PAGE_IS_PFNZERO;
	static struct page_region regions[REGIONS];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = area->start,
		.end = area->end,
		.vec = (uintptr_t)regions,
		.vec_len = REGIONS,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_SOFT_DIRTY | unwritten,
	};

	while (arg.start < area->end) {
		int got = ioctl(pagemap, PAGEMAP_SCAN, &arg);

		if (got < 0)
			return errno;
		for (int i = 0; i < got; i++)
			add_region(pages, area, &regions[i]);
		arg.start = arg.walk_end > arg.start ? arg.walk_end : area->end;
	}
	return 0;
}

static void add_entry(struct mu_pages *pages, const struct mu_area *area, uint64_t address,
		      uint64_t entry)
{
	if (!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) ||
	    !is_written(area, entry & ENTRY_SWAPPED, entry & ENTRY_FILE, false))
		return;
	add_pages(pages, area, (struct mu_range){ .start = address, .end = address + PAGE },
		  entry & ENTRY_SOFT_DIRTY);
}

static int read_entries(struct mu_pages *pages, const struct mu_area *area, int pagemap)
{
	static uint64_t entries[ENTRIES];
	uint64_t address = area->start;

	while (address < area->end) {
		uint64_t left = (area->end - address) / PAGE;
		size_t wanted = left < ENTRIES ? left : ENTRIES;
		ssize_t got = pread(pagemap, entries, wanted * sizeof(*entries),
				    address / PAGE * sizeof(*entries));

		if (got < (ssize_t)sizeof(*entries))
			return got < 0 ? errno : EIO;
		for (size_t i = 0; i < got / sizeof(*entries); i++, address += PAGE)
			add_entry(pages, area, address, entries[i]);
	}
	return 0;
}

/* Count the bytes of a mapping in the last ranges of a set. */
static uint64_t count_bytes_in(const struct mu_ranges *ranges, size_t first,
			       const struct mu_area *area)
{
	uint64_t bytes = 0;

	for (size_t i = first ? first - 1 : 0; i < ranges->nr; i++) {
		uint64_t start = ranges->at[i].start;

		if (start < area->start)
			start = area->start;
		if (ranges->at[i].end > start)
			bytes += ranges->at[i].end - start;
	}
	return bytes;
}

static int read_area(struct mu_pages *pages, const struct mu_area *area, int pagemap,
		     bool with_files)
{
	static bool has_no_scan;
	size_t before = pages->all.nr;
	int error = has_no_scan ? ENOTTY : scan_regions(pages, area, pagemap, with_files);

	if (error == ENOTTY || error == EINVAL) {
		has_no_scan = true;
		error = read_entries(pages, area, pagemap);
	}
	if (area->is_shared && area->is_writable)
		pages->absent += area->end - area->start -
				 count_bytes_in(&pages->all, before, area);
	return error;
}

/**
 * mu_pages_read() - list the pages that a process has written
 * @pages: replaced by the pages; zeroed or read before
 * @areas: the mappings
 * @proc: the directory of the process in /proc
 * @with_files: also list the pages that have the contents of their file, which is much faster
 *
 * Return: false with errno if they could not be listed.
 */
bool mu_pages_read(struct mu_pages *pages, const struct mu_areas *areas, int proc, bool with_files)
{
	int pagemap = openat(proc, "pagemap", O_RDONLY | O_CLOEXEC);
	int error = pagemap < 0 ? errno : 0;

	pages->all.nr = 0;
	pages->clean.nr = 0;
	pages->absent = 0;
	for (size_t i = 0; i < areas->nr && !error; i++)
		if (!areas->at[i].is_special)
			error = read_area(pages, &areas->at[i], pagemap, with_files);
	if (pagemap >= 0)
		close(pagemap);
	errno = error;
	return !error;
}

/**
 * mu_pages_free() - free a list of pages
 * @pages: the pages
 */
void mu_pages_free(struct mu_pages *pages)
{
	mu_ranges_free(&pages->all);
	mu_ranges_free(&pages->clean);
}

/* === Which pages were written since === */

/**
 * mu_clear_dirty() - mark all pages of a process as not written
 * @proc: the directory of the process in /proc
 *
 * Return: false with errno if this failed.
 */
bool mu_clear_dirty(int proc)
{
	int fd = openat(proc, "clear_refs", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "4", 1) == 1;

	if (fd >= 0)
		close(fd);
	return done;
}

/* Return: true if the page has a soft-dirty bit. */
static bool is_page_dirty(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	got = pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE * sizeof(entry));
	close(fd);
	return got == (ssize_t)sizeof(entry) && (entry & ENTRY_SOFT_DIRTY);
}

static bool clears_and_sets_bits(char *page)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool works;

	if (self < 0)
		return false;
	page[0] = 1;
	works = mu_clear_dirty(self) && !is_page_dirty(page);
	page[0] = 2;
	works = works && is_page_dirty(page);
	close(self);
	return works;
}

/**
 * mu_dirty_is_tracked() - check whether the kernel tracks which pages are written
 *
 * Tried on a page of the tool itself, as a kernel without it accepts the request.
 *
 * Return: true if it does.
 */
bool mu_dirty_is_tracked(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool works;

	if (page == MAP_FAILED)
		return false;
	works = clears_and_sets_bits(page);
	munmap(page, PAGE);
	return works;
}
