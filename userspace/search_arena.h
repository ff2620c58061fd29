/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SEARCH_ARENA_H
#define MU_SEARCH_ARENA_H

#include "search_chunks.h"

void mu_free_find_bins(struct mu_free *f, const uint64_t *thread_pointers, size_t nr);

#endif
