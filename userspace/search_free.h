/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SEARCH_FREE_H
#define MU_SEARCH_FREE_H

#include "search_glibc.h"

void mu_search_find_free(struct mu_search *s, const struct mu_peek *peek,
			 const uint64_t *thread_pointers, size_t nr);

#endif
