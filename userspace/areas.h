/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_AREAS_H
#define MU_AREAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ranges.h"

/**
 * struct mu_area - a mapping of a process
 * @start: first address
 * @end: first address behind it
 * @is_shared: other processes may write to its pages
 * @is_untracked: the kernel does not track which of its pages are written
 * @is_writable: it is mapped writable
 * @is_stack: it is the stack of the first thread
 * @is_special: it has nothing that the process has written
 */
struct mu_area {
	uint64_t start;
	uint64_t end;
	bool is_shared;
	bool is_untracked;
	bool is_writable;
	bool is_stack;
	bool is_special;
};

/**
 * struct mu_areas - the mappings of a process
 * @at: the mappings, by address
 * @nr: number of @at
 * @capacity: allocated elements of @at
 */
struct mu_areas {
	struct mu_area *at;
	size_t nr;
	size_t capacity;
};

/**
 * struct mu_pages - all pages that a process has written
 * @all: their addresses
 * @clean: of those that have not been written since mu_clear_dirty()
 * @absent: size of shared memory that is not in the process's page tables
 */
struct mu_pages {
	struct mu_ranges all;
	struct mu_ranges clean;
	uint64_t absent;
};

bool mu_areas_read(struct mu_areas *areas, int proc);
const struct mu_area *mu_areas_find(const struct mu_areas *areas, uint64_t address);
void mu_areas_free(struct mu_areas *areas);

bool mu_pages_read(struct mu_pages *pages, const struct mu_areas *areas, int proc, bool with_files);
void mu_pages_free(struct mu_pages *pages);

bool mu_clear_dirty(int proc);
bool mu_dirty_is_tracked(void);

#endif
