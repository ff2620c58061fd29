/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SEARCH_TCACHE_H
#define MU_SEARCH_TCACHE_H

#include "search_chunks.h"

void mu_free_find_tcaches(struct mu_free *f, const uint64_t *thread_pointers, size_t nr);

#endif
