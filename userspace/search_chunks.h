/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SEARCH_CHUNKS_H
#define MU_SEARCH_CHUNKS_H

#include "ranges.h"
#include "search_glibc.h"

/**
 * struct mu_free - free chunks of glibc that were found
 * @peek: the memory
 * @parts: their words, as ranges in any order
 * @nr: number of @parts
 * @capacity: allocated elements of @parts
 * @left: number of chunks that may still be read
 */
struct mu_free {
	const struct mu_peek *peek;
	struct mu_range *parts;
	size_t nr;
	size_t capacity;
	size_t left;
};

typedef bool mu_free_taker(struct mu_free *f, void *context, uint64_t value);

bool mu_free_add(struct mu_free *f, uint64_t start, uint64_t end);
uint64_t mu_free_scan_tls(struct mu_free *f, uint64_t thread_pointer, mu_free_taker *take,
			  void *context);

#endif
