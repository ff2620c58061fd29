/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MU_SEARCH_GLIBC_H
#define MU_SEARCH_GLIBC_H

#include "search_refs.h"

/**
 * struct mu_peek - words of the memory that is searched
 * @read: read words; return false if they cannot be read, or not in time
 * @context: passed to @read
 */
struct mu_peek {
	bool (*read)(void *context, uint64_t address, uint64_t *words, size_t nr);
	void *context;
};

void mu_search_find_listed(struct mu_search *s);
void mu_search_ignore_glibc(struct mu_search *s, const struct mu_peek *peek);

#endif
